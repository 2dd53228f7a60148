"""The threads of a writer: one that runs the process, and one for each listener."""

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from sapa.answers.answer import Listener
from sapa.connections.sender import MessageSender
from sapa.errors import ConnectionGoneError, DeliveryError, SapaError
from sapa.observability import logger

# Parts that the process may be ahead of the writer.
_MOST_AHEAD = 64
# A listener that lags so many frames behind does not read: it asks for the rest later.
_MOST_BEHIND = 500
_SMOOTHING = 0.2


class ThreadedSource:
    """A `PartSource`: a generator in a thread, which waits when nobody takes its parts."""

    def __init__(self, generator: Iterator[object]) -> None:
        self._generator = generator
        self._items: deque[object] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._has_returned = False
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="process", daemon=True)
        self._thread.start()

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing more to take."""
        with self._changed:
            return self._has_returned and not self._items

    @property
    def failure(self) -> BaseException | None:
        """What the process raised."""
        return self._failure

    def take(self, most: int) -> Sequence[object]:
        """Take parts, which lets the process go on."""
        with self._changed:
            items = [self._items.popleft() for _ in range(min(most, len(self._items)))]
            self._changed.notify_all()
        return items

    def close(self) -> None:
        """Close the generator in its thread, when it yields."""
        with self._changed:
            self._is_closed = True
            self._items.clear()
            self._changed.notify_all()

    def wait(self, seconds: float, *, for_parts: bool) -> None:
        """Wait; with `for_parts` only until there is something to take."""
        with self._changed:
            self._changed.wait_for(lambda: for_parts and self._is_due, seconds)

    @property
    def _is_due(self) -> bool:
        return bool(self._items) or self._has_returned

    def join(self, seconds: float) -> bool:
        """Wait until the process has returned; false if it goes on."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            for item in self._generator:
                if not self._put(item):
                    break
            close = getattr(self._generator, "close", None)
            if close is not None:
                close()
        # A process is somebody's code: even sys.exit() ends only its answer.
        except BaseException as error:
            self._failure = error
            if self._is_closed:
                logger.warning("process failed when it was stopped", exc_info=error)
        with self._changed:
            self._has_returned = True
            self._changed.notify_all()

    def _put(self, item: object) -> bool:
        """Hand over a part; false when no more are wanted."""
        with self._changed:
            while len(self._items) >= _MOST_AHEAD and not self._is_closed:
                self._changed.wait()
            if self._is_closed:
                return False
            self._items.append(item)
            self._changed.notify_all()
        return True


@dataclass(slots=True)
class _Lane:
    """The frames on their way to one listener."""

    listeners: list[Listener]
    frames: deque[str] = field(default_factory=deque)
    is_open: bool = True

    @property
    def connection_id(self) -> str:
        return self.listeners[0].connection_id


class ThreadedPosts:
    """`Posts` by a `MessageSender`; a listener that is gone or does not read is given up.

    `remove_connection` gets the connections that are gone.
    """

    def __init__(self, sender: MessageSender, remove_connection: Callable[[str], None]) -> None:
        self._sender = sender
        self._remove_connection = remove_connection
        self._lanes: dict[str, _Lane] = {}
        self._lost: list[Listener] = []
        self._changed = threading.Condition()
        self._milliseconds = 0.0
        self._delivered = 0

    @property
    def backlog(self) -> int:
        """The frames that the fastest listener still has to get."""
        with self._changed:
            return min((len(lane.frames) for lane in self._lanes.values()), default=0)

    @property
    def milliseconds(self) -> float:
        """How long posts take, smoothed."""
        return self._milliseconds

    @property
    def delivered(self) -> int:
        """The frames that have arrived."""
        return self._delivered

    def listen(
        self, listeners: Collection[Listener], missed: Callable[[Listener], Sequence[str]]
    ) -> None:
        """Start and end threads of listeners."""
        wanted: dict[str, list[Listener]] = {}
        for listener in listeners:
            wanted.setdefault(listener.connection_id, []).append(listener)
        with self._changed:
            for connection_id in self._lanes.keys() - wanted.keys():
                self._close(connection_id)
            for connection_id in wanted.keys() - self._lanes.keys():
                # It may have asked several times, the first time for most.
                first = min(wanted[connection_id], key=lambda listener: listener.since)
                self._open(wanted[connection_id], missed(first))

    def send(self, frame: str) -> None:
        """Hand a frame to the threads."""
        with self._changed:
            for connection_id in list(self._lanes):
                self._add(connection_id, frame)

    def send_to(self, connection_id: str, frame: str) -> None:
        """Hand a frame to one thread."""
        with self._changed:
            if connection_id in self._lanes:
                self._add(connection_id, frame)

    def lost(self) -> Sequence[Listener]:
        """The listeners that were given up."""
        with self._changed:
            lost, self._lost = self._lost, []
        return lost

    def drain(self, seconds: float) -> None:
        """Wait until all frames are posted, and end the threads."""
        until = time.monotonic() + seconds
        with self._changed:
            while any(lane.frames for lane in self._lanes.values()):
                left = until - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            for connection_id in list(self._lanes):
                self._close(connection_id)

    def _open(self, listeners: list[Listener], missed: Sequence[str]) -> None:
        lane = _Lane(listeners, deque(missed))
        self._lanes[lane.connection_id] = lane
        name = f"post {lane.connection_id}"
        threading.Thread(target=self._run, args=(lane,), name=name, daemon=True).start()

    def _close(self, connection_id: str) -> None:
        self._lanes.pop(connection_id).is_open = False
        self._changed.notify_all()

    def _add(self, connection_id: str, frame: str) -> None:
        lane = self._lanes[connection_id]
        if len(lane.frames) >= _MOST_BEHIND:
            self._give_up(lane, "it does not read")
            return
        lane.frames.append(frame)
        self._changed.notify_all()

    def _give_up(self, lane: _Lane, reason: str) -> None:
        connection_id = lane.connection_id
        if self._lanes.get(connection_id) is lane:
            logger.info("listener given up", connection_id=connection_id, reason=reason)
            self._lost += lane.listeners
            self._close(connection_id)

    def _run(self, lane: _Lane) -> None:
        """Post one frame after the other."""
        while (frame := self._next(lane)) is not None:
            began = time.monotonic()
            reason = self._post(lane.connection_id, frame)
            took = (time.monotonic() - began) * 1000
            with self._changed:
                self._milliseconds += _SMOOTHING * (took - self._milliseconds)
                if reason is not None:
                    self._give_up(lane, reason)
                    return
                self._delivered += 1
                lane.frames.popleft()
                self._changed.notify_all()

    def _next(self, lane: _Lane) -> str | None:
        with self._changed:
            while lane.is_open and not lane.frames:
                self._changed.wait()
            return lane.frames[0] if lane.is_open else None

    def _post(self, connection_id: str, frame: str) -> str | None:
        """Why the frame did not arrive; `None` if it did."""
        try:
            self._sender.post(connection_id, frame)
        except ConnectionGoneError:
            self._remove(connection_id)
            return "it is gone"
        except DeliveryError as error:
            return error.reason
        return None

    def _remove(self, connection_id: str) -> None:
        """If that fails, somebody else finds the connection gone, or it expires."""
        try:
            self._remove_connection(connection_id)
        except SapaError as error:
            logger.warning("connection not removed", connection_id=connection_id, error=str(error))
