"""A client of channels without a browser: what `sapa.js` does, in the fewest words."""

import itertools
import json
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.e2e.client import COOKIE, SecretConnection

type Frame = dict[str, Any]

PATIENCE = 30.0


class NoReplyError(Exception):
    """A message was not answered, and whether it was done is not known."""


class Mark:
    """Which numbers of a channel have been seen, when all up to `contiguous` have."""

    def __init__(self, contiguous: int) -> None:
        self.contiguous = contiguous
        self._ahead: set[int] = set()

    def accept(self, sequence: int) -> bool:
        """Note a number; false when it has been seen before."""
        if sequence <= self.contiguous or sequence in self._ahead:
            return False
        self._ahead.add(sequence)
        self._absorb()
        return True

    def settle(self, through: int) -> None:
        """Wait no longer for what is missing up to here."""
        self.contiguous = max(self.contiguous, through)
        self._ahead = {sequence for sequence in self._ahead if sequence > self.contiguous}
        self._absorb()

    def _absorb(self) -> None:
        while self.contiguous + 1 in self._ahead:
            self.contiguous += 1
            self._ahead.remove(self.contiguous)


class ChannelClient:
    """One tab of a user: a socket that can be cut and opened again, and what was heard on all.

    `heard` has each event once, by channel, in the order of arrival; `repeated` those that came
    again; `presence` what was told of users; `gaps` what is lost; `closed` the close codes.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token
        self.heard: dict[str, list[Frame]] = defaultdict(list)
        self.repeated: list[Frame] = []
        self.presence: list[tuple[str, str, str]] = []
        self.gaps: list[tuple[str, int, int]] = []
        self.closed: list[int] = []
        self.marks: dict[str, Mark] = {}
        self._replies: list[Frame] = []
        self._numbers = itertools.count(1)
        self._opened = ExitStack()
        self.open()

    def open(self) -> None:
        """Connect; nothing is resumed yet."""
        headers = {"Cookie": f"{COOKIE}={self._token}"}
        self._socket: ClientConnection = self._opened.enter_context(
            connect(
                self._url,
                additional_headers=headers,
                compression=None,
                max_queue=None,
                open_timeout=PATIENCE,
                close_timeout=5,
                create_connection=SecretConnection,
            )
        )
        self._replies.clear()

    def close(self) -> None:
        """Close the socket as a browser does."""
        self._opened.close()

    def cut(self) -> None:
        """End the TCP connection without a word; what is under way is lost."""
        self._socket.socket.shutdown(socket.SHUT_RDWR)
        self._opened.close()

    def ask(self, **inputs: object) -> Frame:
        """Send a message and wait for its reply, as slowly as the server wants it."""
        while True:
            reply = self.exchange(inputs)
            error = reply.get("error")
            if error is None or error["code"] != "rate_limited":
                return reply
            self.read_for(error["retry_after_ms"] / 1000)

    def ask_until_told(self, **inputs: object) -> Frame:
        """Send what may be done twice until a reply comes, on as many sockets as it takes."""
        while True:
            try:
                return self.ask(**inputs)
            except ConnectionClosed as closed:
                self._note(closed)
                self.open()

    def exchange(self, message: Mapping[str, object], seconds: float = PATIENCE) -> Frame:
        """Send one message and wait for its reply.

        Raises `NoReplyError` for none in time, and for API Gateway's word that it failed.
        """
        return self.reply(self.tell(**message), seconds)

    def tell(self, **message: object) -> int:
        """Send one message without waiting; what its reply is asked for with."""
        number = next(self._numbers)
        self._socket.send(json.dumps({**message, "$id": number}))
        return number

    def reply(self, number: int, seconds: float = PATIENCE) -> Frame:
        """Wait for the reply to what was told, without its `$id`; raises `NoReplyError`."""
        answers = (number, None)
        self._until(lambda: any(one.get("$id") in answers for one in self._replies), seconds)
        reply = next(one for one in self._replies if one.get("$id") in answers)
        self._replies.remove(reply)
        if "$id" not in reply:
            raise NoReplyError(reply)
        return {key: value for key, value in reply.items() if key != "$id"}

    def next_reply(self) -> Frame:
        """The next frame that belongs to no channel, whatever it answers."""
        self._until(lambda: bool(self._replies), PATIENCE)
        return self._replies.pop(0)

    def follow(self, channel: str, sequence: int = 0) -> None:
        """Want every event of a channel after this one."""
        self.marks[channel] = Mark(sequence)

    def resume(self) -> Frame:
        """Ask for what was missed; what `$resumed` says, after all that came with it."""
        positions = {channel: mark.contiguous for channel, mark in self.marks.items()}
        answer = self.exchange({"$resume": positions})
        while "$resumed" not in answer:
            answer = self.next_reply()
        return answer

    def reopen(self) -> Frame:
        """Come back on a new socket, which the server may close again at once."""
        while True:
            try:
                self.open()
                return self.resume()
            except ConnectionClosed as closed:
                self._note(closed)

    def wait_closed(self) -> None:
        """Read until the server closes the socket; nothing is opened after it."""
        try:
            self._until(lambda: False, PATIENCE)
        except ConnectionClosed as closed:
            self._note(closed)

    def keep(self, seconds: float) -> None:
        """Read a frame, if there is one in time; come back when the socket is closed instead."""
        try:
            self.read(seconds)
        except ConnectionClosed as closed:
            self._note(closed)
            self.reopen()

    def wait_for(self, holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Read until something holds; fails with what was heard if it does not in time."""
        try:
            self._until(holds, seconds)
        except NoReplyError as late:
            told = f"heard {dict(self.heard)}, presence {self.presence}"
            raise AssertionError(told) from late

    def hear(self, channel: str, count: int) -> list[int]:
        """Read until there are so many events of a channel; their sequence numbers, sorted."""
        self.wait_for(lambda: len(self.heard[channel]) >= count)
        return sorted(event["$sequence"] for event in self.heard[channel])

    def told_of(self, channel: str) -> list[tuple[str, str]]:
        """Who joined and left a channel, in the order in which it was told."""
        return [(what, name) for where, what, name in self.presence if where == channel]

    def read_for(self, seconds: float) -> None:
        """Read all that comes in this time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.read(left)

    def read(self, seconds: float) -> None:
        """Take one frame, if there is one in time."""
        try:
            self._take(json.loads(self._socket.recv(timeout=seconds)))
        except TimeoutError:
            return

    def _until(self, holds: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            left = deadline - time.monotonic()
            if left <= 0:
                raise NoReplyError(f"nothing in {seconds} s")
            self.read(left)

    def _take(self, frame: Frame) -> None:
        if "$presence" in frame:
            for what, username in frame["$presence"].items():
                self.presence.append((frame["$channel"], what, username))
        elif "$channel" in frame:
            channel, sequence = frame["$channel"], frame["$sequence"]
            mark = self.marks.setdefault(channel, Mark(sequence - 1))
            (self.heard[channel] if mark.accept(sequence) else self.repeated).append(frame)
        elif "$joined" in frame:
            for channel, sequence in frame["$joined"].items():
                self.marks.setdefault(channel, Mark(sequence))
        elif "$gap" in frame:
            for channel, gap in frame["$gap"].items():
                self.gaps.append((channel, gap["from"], gap["to"]))
                self.marks[channel].settle(gap["to"])
        else:
            self._replies.append(frame)

    def _note(self, closed: ConnectionClosed) -> None:
        self.closed.append(1006 if closed.rcvd is None else closed.rcvd.code)
        self._opened.close()
