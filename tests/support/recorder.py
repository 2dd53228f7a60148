"""Everything the gateway under test says: what handlers saw, and what APIs did."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local_gateway.records import ApiRecord, LogLine, Record

DEADLINE = 20.0


@dataclass(frozen=True, slots=True)
class Told:
    """A line that a handler of the tests printed; `content` is mostly the event it got."""

    what: str
    pid: int
    content: dict[str, Any]

    @property
    def context(self) -> dict[str, Any]:
        """The event's `requestContext`."""
        found = self.content["requestContext"]
        assert isinstance(found, dict)
        return found

    @property
    def connection_id(self) -> str:
        """The connection that the event belongs to."""
        return str(self.context["connectionId"])

    @property
    def is_event(self) -> bool:
        """Whether it is the event of a connection."""
        return "requestContext" in self.content


class Recorder:
    """Filled by the gateway's thread, read by the tests'."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._told: list[Told] = []
        self._records: list[ApiRecord] = []

    @property
    def records(self) -> list[ApiRecord]:
        """What APIs did so far."""
        with self._changed:
            return list(self._records)

    @property
    def told(self) -> list[Told]:
        """What handlers said so far."""
        with self._changed:
            return list(self._told)

    def wait_for(self, what: str, fits: Callable[[Told], bool]) -> Told:
        """The first thing of this kind that fits, waiting for it."""
        return self.wait_for_all(what, fits, 1)[0]

    def wait_for_all(self, what: str, fits: Callable[[Told], bool], count: int) -> list[Told]:
        """Wait until there are `count` such things."""

        def found() -> list[Told]:
            return [told for told in self._told if told.what == what and fits(told)]

        with self._changed:
            assert self._changed.wait_for(lambda: len(found()) >= count, DEADLINE), (
                f"{len(found())} of {count} {what} within {DEADLINE} s"
            )
            return found()

    def wait_for_record(self, fits: Callable[[ApiRecord], bool]) -> ApiRecord:
        """The first record that fits, waiting for it."""

        def found() -> ApiRecord | None:
            return next((record for record in self._records if fits(record)), None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() is not None, DEADLINE)
            record = found()
        assert record is not None
        return record

    def observe(self, record: Record, /) -> None:
        """Keep what APIs did and what handlers printed; the clients see the frames."""
        with self._changed:
            match record:
                case ApiRecord():
                    self._records.append(record)
                case LogLine(text=text) if text.startswith("TOLD "):
                    self._told.append(Told(**json.loads(text.removeprefix("TOLD "))))
            self._changed.notify_all()
