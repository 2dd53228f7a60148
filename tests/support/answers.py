"""Answers in memory, and a simulation of everything around them: see `World`.

Clock, queue, functions, sockets and clients are one process without threads. A random number
generator with a seed decides what happens next, and what goes wrong, between any two calls.
"""

import json
import random
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sapa.answers.answer import (
    DEAD_MILLISECONDS,
    Answer,
    AnswerPart,
    AnswerStatus,
    Listener,
)
from sapa.answers.answer_task import AnswerTask
from sapa.answers.asking import Answers
from sapa.answers.writer import AnswerWriter, Outcome, Run
from sapa.answers.writing import Writing
from sapa.connections.connection import Subscriber
from sapa.connections.frames import render
from sapa.errors import SapaError, StoreError, TooManyAnswersError, UnknownAnswerError
from sapa.lambda_events import ConnectionEvent
from sapa.processes.business_process import RunningAnswer

SESSION_SECONDS = 8 * 60 * 60


class MemoryAnswerStore:
    """An `AnswerStore`; `sessions` are the keys of the login sessions."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Answer] = {}
        self.stored: dict[str, dict[int, AnswerPart]] = {}
        self.running: dict[str, set[str]] = {}
        self.sessions: set[str] = set()

    def reserve(self, answer: Answer, limit: int) -> None:
        running = self.running.setdefault(answer.username, set())
        if len(running) >= limit:
            running &= {
                each.answer_id
                for each in self.of_user(answer.username)
                if each.status is AnswerStatus.RUNNING
            }
        if len(running) >= limit:
            raise TooManyAnswersError(limit)
        running.add(answer.answer_id)

    def put(self, answer: Answer) -> None:
        self.answers.setdefault((answer.username, answer.answer_id), answer)

    def get(self, username: str, answer_id: str) -> Answer | None:
        return self.answers.get((username, answer_id))

    def of_user(self, username: str) -> list[Answer]:
        return [answer for answer in self.answers.values() if answer.username == username]

    def check(self, answer: Answer) -> tuple[Answer | None, bool]:
        current = self.get(answer.username, answer.answer_id)
        return current, not answer.session_key or answer.session_key in self.sessions

    def claim(self, answer: Answer, writer: str, now: int) -> Answer | None:
        before = self.get(answer.username, answer.answer_id)
        if before is None or before.status is not AnswerStatus.RUNNING:
            return None
        if before.writer is not None and before.seen_at >= now - DEAD_MILLISECONDS:
            return None
        self._put(replace(before, writer=writer, seen_at=now))
        return before

    def renew(self, answer: Answer, writer: str, now: int) -> bool:
        current = self.get(answer.username, answer.answer_id)
        is_ours = current is not None and current.writer == writer
        if current is None or not is_ours or current.status is not AnswerStatus.RUNNING:
            return False
        self._put(replace(current, seen_at=now))
        return True

    def request_stop(self, username: str, answer_id: str) -> Answer | None:
        return self._change(username, answer_id, is_stopping=True)

    def listen(self, username: str, answer_id: str, listener: Listener) -> Answer | None:
        current = self.get(username, answer_id)
        listeners = current.listeners if current is not None else frozenset()
        return self._change(username, answer_id, listeners=listeners | {listener})

    def unlisten(self, answer: Answer, listeners: Sequence[Listener]) -> None:
        current = self.get(answer.username, answer.answer_id)
        if current is not None:
            self._put(replace(current, listeners=current.listeners - set(listeners)))

    def append(self, answer: Answer, parts: Sequence[AnswerPart], expires_at: int) -> bool:
        stored = self.stored.setdefault(answer.answer_id, {})
        if any(part.number in stored for part in parts):
            return False
        stored |= {part.number: part for part in parts}
        return True

    def finish(self, answer: Answer, status: AnswerStatus, expires_at: int) -> None:
        current = self.get(answer.username, answer.answer_id)
        if current is not None and current.status is AnswerStatus.RUNNING:
            ended = replace(current, status=status, expires_at=expires_at, listeners=frozenset())
            self._put(ended)
        self.running[answer.username].discard(answer.answer_id)

    def parts(self, answer_id: str, after: int) -> Iterator[AnswerPart]:
        stored = self.stored.get(answer_id, {})
        return iter([stored[number] for number in sorted(stored) if number > after])

    def last_part(self, answer_id: str) -> AnswerPart | None:
        stored = self.stored.get(answer_id, {})
        return stored[max(stored)] if stored else None

    def _put(self, answer: Answer) -> None:
        self.answers[answer.username, answer.answer_id] = answer

    def _change(self, username: str, answer_id: str, **changes: Any) -> Answer | None:
        current = self.get(username, answer_id)
        if current is None:
            return None
        self._put(replace(current, **changes))
        return self.get(username, answer_id)


class Killed(BaseException):
    """The function died."""


class UnreliableStore:
    """The store as one function sees it: calls fail, or the function dies before or after one."""

    def __init__(self, store: MemoryAnswerStore, fault: Callable[[str], None]) -> None:
        self._store = store
        self._fault = fault

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        def call(*arguments: Any) -> Any:
            self._fault(f"before {name}")
            result = method(*arguments)
            self._fault(f"after {name}")
            return result

        return call


@dataclass
class Message:
    """A message in the queue; `visible_at` is milliseconds."""

    task: AnswerTask
    visible_at: int
    receives: int = 0


@dataclass
class MemoryQueue:
    """A queue that delivers at least once."""

    clock: Callable[[], int]
    messages: dict[str, Message] = field(default_factory=dict)

    def send(self, task: AnswerTask) -> None:
        self.messages[task.answer_id] = Message(task, self.clock())

    def hide(self, receipt: str, seconds: int) -> None:
        if receipt in self.messages:
            self.messages[receipt].visible_at = self.clock() + seconds * 1000


WAIT = object()
"""What a process of a simulation yields when it has nothing to say yet."""


class InlineSource:
    """A `PartSource` without a thread: the process runs when somebody asks for its parts."""

    def __init__(self, generator: Iterator[object]) -> None:
        self._generator = generator
        self._is_closed = False
        self._has_returned = False
        self._waits = False
        self.failure: BaseException | None = None

    @property
    def has_ended(self) -> bool:
        return self._has_returned

    def take(self, most: int) -> Sequence[object]:
        items: list[object] = []
        if self._waits:
            self._waits = False
            return items
        while len(items) < most and not (self._is_closed or self._has_returned):
            try:
                item = next(self._generator)
            except StopIteration:
                self._has_returned = True
            except Exception as error:
                self.failure, self._has_returned = error, True
            else:
                if item is WAIT:
                    self._waits = bool(items)
                    break
                items.append(item)
        return items

    def close(self) -> None:
        self._is_closed = True

    def wait(self, seconds: float, *, for_parts: bool) -> None:
        raise AssertionError("nobody waits in a simulation")

    def join(self, seconds: float) -> bool:
        return True


@dataclass
class Network:
    """The sockets that are open, and the frames on their way to each."""

    chance: random.Random = field(default_factory=random.Random)
    open: dict[str, list[str]] = field(default_factory=dict)
    faults: float = 0.0

    def post(self, connection_id: str, frame: str) -> bool:
        """Whether the frame arrived; a socket may break or refuse at any time."""
        if connection_id in self.open and self.chance.random() < self.faults:
            if self.chance.random() < 0.5:
                del self.open[connection_id]
            return False
        if connection_id not in self.open:
            return False
        self.open[connection_id].append(frame)
        return True


class InlinePosts:
    """`Posts` that are made when the simulation says so, in order for each listener."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._lanes: dict[str, tuple[list[Listener], list[str]]] = {}
        self._lost: list[Listener] = []
        self.milliseconds = 5.0
        self.delivered = 0

    @property
    def backlog(self) -> int:
        return min((len(frames) for _, frames in self._lanes.values()), default=0)

    def listen(
        self, listeners: Collection[Listener], missed: Callable[[Listener], Sequence[str]]
    ) -> None:
        wanted: dict[str, list[Listener]] = {}
        for listener in sorted(listeners, key=lambda each: (each.since, each.connection_id)):
            wanted.setdefault(listener.connection_id, []).append(listener)
        for connection_id in sorted(self._lanes.keys() - wanted.keys()):
            del self._lanes[connection_id]
        for connection_id in sorted(wanted.keys() - self._lanes.keys()):
            group = wanted[connection_id]
            self._lanes[connection_id] = (group, list(missed(group[0])))

    def send(self, frame: str) -> None:
        for _, frames in self._lanes.values():
            frames.append(frame)

    def send_to(self, connection_id: str, frame: str) -> None:
        if connection_id in self._lanes:
            self._lanes[connection_id][1].append(frame)

    def lost(self) -> Sequence[Listener]:
        lost, self._lost = self._lost, []
        return lost

    def drain(self, seconds: float) -> None:
        while self.post_one():
            pass

    def post_one(self) -> bool:
        """Post the first frame of one listener."""
        for connection_id, (listeners, frames) in self._lanes.items():
            if frames:
                if self._network.post(connection_id, frames[0]):
                    frames.pop(0)
                else:
                    self._lost += listeners
                    del self._lanes[connection_id]
                return True
        return False


@dataclass
class Client:
    """A page: asks, follows the numbers of its answers, reconnects, and resumes what it lacks."""

    world: "World"
    username: str
    session_key: str
    connection_id: str | None = None
    seen: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    asked_again_at: int = 0

    @property
    def is_open(self) -> bool:
        return self.connection_id in self.world.network.open

    def connect(self) -> None:
        self.connection_id = self.world.new_id("connection")
        self.world.network.open[self.connection_id] = []

    def event(self) -> ConnectionEvent:
        assert self.connection_id is not None
        return ConnectionEvent(
            connection_id=self.connection_id,
            request_id=self.world.new_id("request"),
            connected_at=self.world.now,
            request_time=self.world.now,
            username=self.username,
            endpoint="story",
            session_id=self.session_key,
            session_expires_at=self.world.now // 1000 + SESSION_SECONDS,
            session_key=self.session_key,
        )

    def reload(self) -> None:
        """Forget everything, as a page does, and find the answers again."""
        self.seen = {}
        if self.connection_id in self.world.network.open:
            del self.world.network.open[self.connection_id]

    def read(self) -> None:
        """Take the frames that have arrived."""
        assert self.connection_id is not None
        frames = self.world.network.open.get(self.connection_id, [])
        while frames:
            frame = json.loads(frames.pop(0))
            if "$sequence" in frame:
                answer_id = frame["$channel"].removeprefix("answer:")
                seen = self.seen.setdefault(answer_id, {})
                number = frame["$sequence"]
                assert seen.setdefault(number, frame) == frame, "one number, two parts"

    def last_without_hole(self, answer_id: str) -> int:
        seen, number = self.seen.get(answer_id, {}), 0
        while number + 1 in seen:
            number += 1
        return number

    def is_whole(self, answer_id: str) -> bool:
        last = self.last_without_hole(answer_id)
        return last > 0 and "$end" in self.seen[answer_id][last]

    def look_after_answers(self) -> None:
        """Reconnect, find the answers, and resume those that are not whole."""
        if not self.is_open:
            self.connect()
        self.read()
        answers = self.world.answers()
        for answer in answers.of_user(self.username):
            if not self.is_whole(answer["id"]):
                self.resume(answers, answer["id"])

    def resume(self, answers: Answers, answer_id: str) -> None:
        subscriber = Subscriber(
            connection_id=self.connection_id or "",
            username=self.username,
            session_id=self.session_key,
            expires_at=self.world.now // 1000 + SESSION_SECONDS,
        )
        position = self.last_without_hole(answer_id)
        parts = answers.resume(subscriber, f"answer:{answer_id}", position)
        assert parts is not None
        for _, frame in parts:
            if not self.world.network.post(subscriber.connection_id, frame):
                break


@dataclass
class Function:
    """An invocation that writes an answer."""

    answer_id: str
    writing: Writing
    ends_at: int


class World:
    """Users who ask, functions that write and die, and a network that breaks.

    `run` does random steps, `settle` lets everything come to an end without further faults, and
    `check` asserts what was promised.
    """

    def __init__(self, seed: int, *, faults: float = 0.03, restartable: bool = False) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - the same run for the same seed
        self.now = 1_700_000_000_000
        self.store = MemoryAnswerStore()
        self.queue = MemoryQueue(lambda: self.now)
        self.network = Network(self.chance, faults=faults)
        self.functions: list[Function] = []
        self.lengths: dict[str, int] = {}
        self.accepted: set[str] = set()
        self.stopped: set[str] = set()
        self.history: list[str] = []
        self._faults = faults
        self._restartable = restartable
        self._ids = 0
        sessions = {"ana": "ana-1", "ben": "ben-1"}
        self.store.sessions = set(sessions.values()) | {"ana-2"}
        self.clients = [
            Client(self, "ana", "ana-1"),
            Client(self, "ana", "ana-2"),
            Client(self, "ben", "ben-1"),
        ]
        for client in self.clients:
            client.connect()

    def new_id(self, kind: str) -> str:
        self._ids += 1
        return f"{kind}{self._ids}"

    def answers(self) -> Answers:
        """As a function has them: its calls may fail."""
        return Answers(
            store=UnreliableStore(self.store, self._fault),
            queue=self.queue,
            post=self._post_all,
            clock=lambda: self.now,
            new_id=lambda: self.new_id("answer"),
            limit=5,
            retention_seconds=SESSION_SECONDS,
        )

    def _post_all(self, frame: str, connection_ids: Sequence[str]) -> None:
        for connection_id in connection_ids:
            self.network.post(connection_id, frame)

    def _fault(self, where: str) -> None:
        drawn = self.chance.random()
        if drawn < self._faults / 4:
            self.history.append(f"killed {where}")
            raise Killed
        if drawn < self._faults / 2 and where.startswith("before"):
            raise StoreError("Answers", "simulated")

    def run(self, steps: int) -> None:
        """Do random steps; a function or a client may fail in each."""
        kinds = [
            *[self._write] * 30,
            *[self._post] * 30,
            *[self._pass_time] * 20,
            *[self._receive] * 8,
            *[self._look_after] * 6,
            *[self._ask] * 3,
            self._cut,
            self._reload,
            self._stop,
            self._stall,
            self._receive_twice,
        ]
        for _ in range(steps):
            self.chance.choice(kinds)()

    def settle(self) -> None:
        """Come to an end without faults: functions finish, messages come back, clients resume."""
        self._faults = self.network.faults = 0.0
        for _ in range(3000):
            self.now += 250
            self._receive()
            for function in list(self.functions):
                self._step(function)
                while function.writing.posts.post_one():  # type: ignore[attr-defined]
                    pass
            if self.now % 2_000 == 0:
                for client in self.clients:
                    client.look_after_answers()
            if not self.functions and not self.queue.messages:
                break
        for client in self.clients:
            client.look_after_answers()
            client.read()

    def check(self) -> None:
        """What was promised of each accepted answer."""
        assert not self.functions
        assert not self.queue.messages
        assert self.accepted <= {answer_id for _, answer_id in self.store.answers}
        for username, answer_id in self.store.answers:
            length = self.lengths[answer_id]
            answer = self.store.answers[username, answer_id]
            stored = self.store.stored[answer_id]
            assert sorted(stored) == list(range(1, len(stored) + 1)), "a hole in what is stored"
            ends = [number for number, part in stored.items() if part.end is not None]
            assert ends == [len(stored)], "not exactly one end, or not the last"
            assert stored[len(stored)].end is answer.status
            self._check_text(answer_id, length, stored)
            for client in self.clients:
                if client.username == username:
                    seen = client.seen[answer_id]
                    frames = {n: part.frame(answer_id) for n, part in stored.items()}
                    assert {n: json.loads(render(f)) for n, f in frames.items()} == seen

    def _check_text(self, answer_id: str, length: int, stored: dict[int, AnswerPart]) -> None:
        status = stored[len(stored)].end
        parts = [stored[number].content for number in range(1, len(stored))]
        steps = [
            step
            for part in parts
            for step in (part["message"].split() if "message" in part else [str(part["step"])])
        ]
        assert steps == [str(step) for step in range(len(steps))], "parts lost or out of order"
        if status is AnswerStatus.DONE:
            assert len(steps) == length, "it is done, but not whole"
        if status is AnswerStatus.STOPPED:
            assert answer_id in self.stopped

    # What may happen

    def _write(self) -> None:
        if self.functions:
            self._step(self.chance.choice(self.functions))

    def _step(self, function: Function) -> None:
        try:
            function.writing.step()
        except (Killed, SapaError):
            # An invocation that raises leaves its message in the queue, like one that dies.
            self.functions.remove(function)
        else:
            if function.writing.is_finished:
                function.writing.posts.drain(5)
                self.functions.remove(function)
                if not function.writing.is_replaced:
                    self.queue.messages.pop(function.answer_id, None)

    def _post(self) -> None:
        if self.functions:
            posts: Any = self.chance.choice(self.functions).writing.posts
            posts.post_one()

    def _pass_time(self) -> None:
        self.now += self.chance.choice([1, 20, 50, 200, 1_000])

    def _stall(self) -> None:
        """A long pause of everything, or of one function that comes back later."""
        self.now += self.chance.choice([5_000, 20_000, 60_000])

    def _receive(self) -> None:
        for answer_id, message in list(self.queue.messages.items()):
            if message.visible_at <= self.now:
                message.visible_at = self.now + 960_000
                self._invoke(answer_id, message)
                return

    def _receive_twice(self) -> None:
        """Delivered at least once means delivered twice now and then."""
        for answer_id, message in list(self.queue.messages.items()):
            self._invoke(answer_id, message)
            return

    def _invoke(self, answer_id: str, message: Message) -> None:
        message.receives += 1
        began = self.now
        try:
            begun = self._writer().begin(
                message.task,
                answer_id,
                is_last_try=message.receives >= 5,
                time_left=lambda: 900 - (self.now - began) / 1000,
            )
        except (Killed, SapaError):
            return
        if isinstance(begun, Writing):
            self.functions.append(Function(answer_id, begun, began + 900_000))
        elif begun is not Outcome.BEING_WRITTEN:
            self.queue.messages.pop(answer_id, None)

    def _writer(self) -> AnswerWriter:
        return AnswerWriter(
            answers=self.answers(),
            is_restartable=lambda _: self._restartable,
            start=self._start,
            make_source=InlineSource,
            make_posts=lambda: InlinePosts(self.network),
            new_id=lambda: self.new_id("writer"),
        )

    def _start(self, task: AnswerTask, running: RunningAnswer) -> Run:
        first = 0 if running.last is None else int(running.last["step"]) + 1
        length = task.inputs["length"]
        waits = random.Random(task.answer_id)  # noqa: S311 - the same run for the same seed

        def generator() -> Iterator[object]:
            for step in range(first, length):
                while waits.random() < 0.4:
                    yield WAIT
                yield {"step": step} if self._restartable else f"{step} "

        def payload(item: object) -> Any:
            return {"message": item} if isinstance(item, str) else item

        return Run(generator=generator(), joined=dict, payload=payload)

    def _ask(self) -> None:
        client = self.chance.choice(self.clients)
        if not client.is_open:
            return
        length = self.chance.choice([0, 1, 3, 10, 60])
        self.lengths[f"answer{self._ids + 2}"] = length
        try:
            answer = self.answers().ask(client.event(), {"length": length})
        except (Killed, SapaError):
            return
        self.accepted.add(answer.answer_id)

    def _look_after(self) -> None:
        client = self.chance.choice(self.clients)
        try:
            client.look_after_answers()
        except (Killed, SapaError):
            return

    def _cut(self) -> None:
        client = self.chance.choice(self.clients)
        if client.connection_id is not None:
            self.network.open.pop(client.connection_id, None)

    def _reload(self) -> None:
        self.chance.choice(self.clients).reload()

    def _stop(self) -> None:
        if not self.store.answers:
            return
        username, answer_id = self.chance.choice(sorted(self.store.answers))
        self.stopped.add(answer_id)
        try:
            self.answers().stop(username, answer_id)
        except UnknownAnswerError:
            raise
        except (Killed, SapaError):
            return
