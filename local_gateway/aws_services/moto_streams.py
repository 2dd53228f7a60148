"""Lets readers of streams wait in moto for records, as they can wait for messages of a queue.

AWS has no such wait: it polls. The moto server's process loads this file by its path: it imports
moto and the standard library.
"""

import threading
import time
from typing import Any

# As `local_gateway/event_sources/streams.py` spells it, in a WSGI environment.
_WAIT = "HTTP_X_LOCAL_GATEWAY_WAIT"
_LONGEST_WAIT = 20.0

# Notified with every record of every stream.
_changed = threading.Condition()
_request = threading.local()


def waiting(application: Any) -> Any:
    """The WSGI application; a request may say how many seconds its reader waits."""

    def answer(environ: Any, start_response: Any) -> Any:
        text = environ.get(_WAIT, "")
        _request.deadline = (
            time.monotonic() + min(float(text), _LONGEST_WAIT) if (text.isdecimal()) else 0.0
        )
        return application(environ, start_response)

    return answer


def patch_table_streams() -> None:
    """Let readers wait for changes of tables, and make no record where nothing has changed."""
    from moto.dynamodb.models.table import StreamShard
    from moto.dynamodbstreams.models import ShardIterator

    add_record, read = StreamShard.add, ShardIterator.get

    def add(self: Any, old: Any, new: Any) -> None:
        if old is not None and new is not None and old.to_json() == new.to_json():
            return
        with _changed:
            add_record(self, old, new)
            _changed.notify_all()

    def get(self: Any, limit: int = 1000) -> Any:
        shard = self.stream_shard
        beginning = self.sequence_number - shard.starting_sequence_number
        _wait_until(lambda: len(shard.items) > beginning)
        return read(self, limit)

    setattr(StreamShard, "add", add)  # noqa: B010 - a method of another program
    setattr(ShardIterator, "get", get)  # noqa: B010


def patch_data_streams() -> None:
    """Let readers wait for records of Kinesis streams."""
    from moto.kinesis.models import Shard

    put, read = Shard.put_record, Shard.get_records

    def put_record(self: Any, *arguments: Any, **named: Any) -> Any:
        with _changed:
            result = put(self, *arguments, **named)
            _changed.notify_all()
        return result

    def get_records(self: Any, last_sequence_id: str, limit: int | None) -> Any:
        _wait_until(lambda: self.get_max_sequence_number() > int(last_sequence_id))
        with _changed:
            return read(self, last_sequence_id, limit)

    setattr(Shard, "put_record", put_record)  # noqa: B010
    setattr(Shard, "get_records", get_records)  # noqa: B010


def _wait_until(is_there: Any) -> None:
    """Wait as long as the request of this thread allows."""
    deadline: float = getattr(_request, "deadline", 0.0)
    with _changed:
        while not is_there() and (left := deadline - time.monotonic()) > 0:
            _changed.wait(left)
