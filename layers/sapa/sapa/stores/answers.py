"""Answers in DynamoDB.

Table `Answers`, key `username` and `answer_id`, TTL `expires_at`: an item for each answer, and for
each user one with the set of the running ones, whose `answer_id` is `#running`. Table
`AnswerParts`, key `answer_id` and `number`, TTL `expires_at`.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress

from sapa.answers.answer import (
    DEAD_MILLISECONDS,
    Answer,
    AnswerPart,
    AnswerStatus,
    Listener,
)
from sapa.channels.channel import json_text
from sapa.errors import ConditionFailedError, TooManyAnswersError
from sapa.stores.table import Item, Table

_RUNNING = "#running"
# Between the entry in the set and the answer's item, nothing takes so long.
_ACCEPTING_MILLISECONDS = 60_000
_STATUS = {"#status": "status"}


class DynamoDBAnswerStore:
    """An `AnswerStore`; `sessions` is the table of login sessions."""

    def __init__(self, *, answers: Table, parts: Table, sessions: Table) -> None:
        self._answers = answers
        self._parts = parts
        self._sessions = sessions

    def reserve(self, answer: Answer, limit: int) -> None:
        """Add it to the set of the running ones. Raises `TooManyAnswersError`."""
        try:
            self._add_running(answer, limit)
        except ConditionFailedError as error:
            self._remove_ended(answer, error.item.get("ids", {}).get("SS", []))
            try:
                self._add_running(answer, limit)
            except ConditionFailedError as still_full:
                raise TooManyAnswersError(limit) from still_full

    def put(self, answer: Answer) -> None:
        """Store an answer, unless the other function was faster."""
        item = {
            **_key(answer.username, answer.answer_id),
            "endpoint": {"S": answer.endpoint},
            "session_key": {"S": answer.session_key},
            "session_expires_at": {"N": str(answer.session_expires_at)},
            "started_at": {"N": str(answer.started_at)},
            "seen_at": {"N": str(answer.started_at)},
            "expires_at": {"N": str(answer.expires_at)},
            "status": {"S": answer.status.value},
            "listeners": {"SS": sorted(map(_element, answer.listeners))},
        }
        with suppress(ConditionFailedError):
            self._answers.put(item, when="attribute_not_exists(answer_id)")

    def _add_running(self, answer: Answer, limit: int) -> None:
        self._answers.update(
            _key(answer.username, _RUNNING),
            "ADD ids :id SET expires_at = :expires_at",
            when="attribute_not_exists(ids) OR size(ids) < :limit",
            values={
                ":id": {"SS": [_running_element(answer)]},
                ":limit": {"N": str(limit)},
                ":expires_at": {"N": str(answer.expires_at)},
            },
        )

    def _remove_ended(self, asked: Answer, elements: Sequence[str]) -> None:
        """Remove from the set what a function that died has left there."""
        now = asked.started_at
        running: set[str] = set()
        ended: set[str] = set()
        for answer in self.of_user(asked.username):
            is_running = answer.status is AnswerStatus.RUNNING and answer.expires_at * 1000 > now
            (running if is_running else ended).add(_running_element(answer))
        old = [
            element
            for element in elements
            if element in ended
            or (element not in running and _started_at(element) < now - _ACCEPTING_MILLISECONDS)
        ]
        if old:
            self._remove_running(asked.username, old)

    def _remove_running(self, username: str, elements: Sequence[str]) -> None:
        self._answers.update(
            _key(username, _RUNNING), "DELETE ids :ids", values={":ids": {"SS": list(elements)}}
        )

    def get(self, username: str, answer_id: str) -> Answer | None:
        """Read an answer."""
        item = self._answers.get(_key(username, answer_id)) if answer_id != _RUNNING else None
        return _answer(item) if item else None

    def of_user(self, username: str) -> list[Answer]:
        """Read all answers of a user."""
        items = self._answers.query("username = :username", {":username": {"S": username}})
        return [_answer(item) for item in items if item["answer_id"]["S"] != _RUNNING]

    def check(self, answer: Answer) -> tuple[Answer | None, bool]:
        """Read the answer and its session with one call."""
        key = _key(answer.username, answer.answer_id)
        if not answer.session_key:
            item = self._answers.get(key)
            return _answer(item) if item else None, True
        item, session = self._answers.get_with(
            key, self._sessions, {"token_hash": {"S": answer.session_key}}
        )
        return _answer(item) if item else None, session is not None

    def claim(self, answer: Answer, writer: str, now: int) -> Answer | None:
        """Become the writer; returns the answer as it was before."""
        return self._change(
            answer.username,
            answer.answer_id,
            "SET writer = :writer, seen_at = :now",
            "#status = :running AND (attribute_not_exists(writer) OR seen_at < :dead)",
            {
                ":writer": {"S": writer},
                ":now": {"N": str(now)},
                ":running": {"S": AnswerStatus.RUNNING.value},
                ":dead": {"N": str(now - DEAD_MILLISECONDS)},
            },
            returns="ALL_OLD",
        )

    def renew(self, answer: Answer, writer: str, now: int) -> bool:
        """Write the time, if the writer is still the same."""
        renewed = self._change(
            answer.username,
            answer.answer_id,
            "SET seen_at = :now",
            "#status = :running AND writer = :writer",
            {
                ":writer": {"S": writer},
                ":now": {"N": str(now)},
                ":running": {"S": AnswerStatus.RUNNING.value},
            },
        )
        return renewed is not None

    def request_stop(self, username: str, answer_id: str) -> Answer | None:
        """Set the mark that the writer reads."""
        return self._change(
            username,
            answer_id,
            "SET is_stopping = :true",
            "attribute_exists(#status)",
            {":true": {"BOOL": True}},
        )

    def listen(self, username: str, answer_id: str, listener: Listener) -> Answer | None:
        """Add a listener to the set."""
        return self._change(
            username,
            answer_id,
            "ADD listeners :listener",
            "attribute_exists(#status)",
            {":listener": {"SS": [_element(listener)]}},
        )

    def unlisten(self, answer: Answer, listeners: Sequence[Listener]) -> None:
        """Remove listeners from the set."""
        self._change(
            answer.username,
            answer.answer_id,
            "DELETE listeners :listeners",
            "attribute_exists(#status)",
            {":listeners": {"SS": [_element(listener) for listener in listeners]}},
        )

    def _change(
        self,
        username: str,
        answer_id: str,
        expression: str,
        when: str,
        values: Item,
        *,
        returns: str = "ALL_NEW",
    ) -> Answer | None:
        """The answer after a change; `None` if the condition does not hold."""
        if answer_id == _RUNNING:
            return None
        try:
            item = self._answers.update(
                _key(username, answer_id),
                expression,
                when=when,
                names=_STATUS,
                values=values,
                returns=returns,
            )
        except ConditionFailedError:
            return None
        return _answer(item)

    def append(self, answer: Answer, parts: Sequence[AnswerPart], expires_at: int) -> bool:
        """Store parts under numbers that are free."""
        items = [
            {
                "answer_id": {"S": answer.answer_id},
                "number": {"N": str(part.number)},
                "sent_at": {"N": str(part.sent_at)},
                "content": {"S": json_text(part.content)},
                "expires_at": {"N": str(expires_at)},
            }
            for part in parts
        ]
        try:
            self._parts.put_all(items, when="attribute_not_exists(answer_id)")
        except ConditionFailedError:
            return False
        return True

    def finish(self, answer: Answer, status: AnswerStatus, expires_at: int) -> None:
        """Write the status, then make room for another answer."""
        self._change(
            answer.username,
            answer.answer_id,
            "SET #status = :status, expires_at = :expires_at REMOVE listeners",
            "#status = :running",
            {
                ":status": {"S": status.value},
                ":running": {"S": AnswerStatus.RUNNING.value},
                ":expires_at": {"N": str(expires_at)},
            },
        )
        self._remove_running(answer.username, [_running_element(answer)])

    def parts(self, answer_id: str, after: int) -> Iterator[AnswerPart]:
        """Read parts."""
        items = self._parts.query(
            "answer_id = :id AND #number > :after",
            {":id": {"S": answer_id}, ":after": {"N": str(after)}},
            names={"#number": "number"},
        )
        return map(_part, items)

    def last_part(self, answer_id: str) -> AnswerPart | None:
        """Read the last part."""
        items = self._parts.query(
            "answer_id = :id", {":id": {"S": answer_id}}, descending=True, limit=1
        )
        item = next(items, None)
        return _part(item) if item else None


def _key(username: str, answer_id: str) -> Item:
    return {"username": {"S": username}, "answer_id": {"S": answer_id}}


def _running_element(answer: Answer) -> str:
    return f"{answer.answer_id} {answer.started_at}"


def _started_at(element: str) -> int:
    return int(element.partition(" ")[2])


def _element(listener: Listener) -> str:
    return f"{listener.connection_id} {listener.expires_at} {listener.since}"


def _listener(element: str) -> Listener:
    connection_id, expires_at, since = element.split(" ")
    return Listener(connection_id, int(expires_at), int(since))


def _answer(item: Item) -> Answer:
    return Answer(
        answer_id=item["answer_id"]["S"],
        username=item["username"]["S"],
        endpoint=item["endpoint"]["S"],
        session_key=item["session_key"]["S"],
        session_expires_at=int(item["session_expires_at"]["N"]),
        started_at=int(item["started_at"]["N"]),
        expires_at=int(item["expires_at"]["N"]),
        status=AnswerStatus(item["status"]["S"]),
        is_stopping="is_stopping" in item,
        writer=item["writer"]["S"] if "writer" in item else None,
        seen_at=int(item["seen_at"]["N"]),
        listeners=frozenset(map(_listener, item.get("listeners", {}).get("SS", []))),
    )


def _part(item: Item) -> AnswerPart:
    return AnswerPart(
        number=int(item["number"]["N"]),
        sent_at=int(item["sent_at"]["N"]),
        content=json.loads(item["content"]["S"]),
    )
