"""What a business process asks for and cannot have; a branch of the tree in `sapa.errors`."""

from collections.abc import Mapping
from typing import ClassVar

from sapa.errors import SapaError


class RefusalError(SapaError):
    """A business process asked for what it cannot have.

    One that lets it through gives the client an error frame with this `code` and this text, so
    the text names nothing that the client may not know.
    """

    code: ClassVar[str]
    fields: Mapping[str, str] | None = None


class RefusedError(RefusalError):
    """What a business process itself refuses, with its reason and `fields` for single inputs.

    raise RefusedError("It is ana's turn.")
    raise RefusedError("This cell is taken.", {"cell": "is taken"})
    """

    code = "refused"

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = fields


class ChannelNameError(RefusalError):
    """`name` has characters that a channel's name may not have, or too many."""

    code = "invalid_channel"

    def __init__(self, name: str) -> None:
        super().__init__("A channel's name has letters, digits and -_.:/, at most 128 of them.")
        self.name = name


class TooManyChannelsError(RefusalError):
    """A connection may not join `channel`: it is in `limit` channels already."""

    code = "too_many_channels"

    def __init__(self, channel: str, limit: int) -> None:
        super().__init__(f"A connection may be in {limit} channels at most.")
        self.channel = channel
        self.limit = limit


class ForbiddenChannelError(RefusalError):
    """The user may not be in `channel`."""

    code = "forbidden_channel"

    def __init__(self, channel: str) -> None:
        super().__init__("This channel is another user's, or was never joined in this login.")
        self.channel = channel


class PayloadError(RefusalError):
    """What is published cannot be sent; `fields` names the keys at fault, if it is keys."""

    code = "invalid_payload"

    def __init__(self, problem: str, *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.fields = fields


class PayloadTooLargeError(PayloadError):
    """The frame for a payload has `size` bytes, more than `limit`."""

    code = "payload_too_large"

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"an event has {limit} bytes at most as a frame, this one has {size}")
        self.size = size
        self.limit = limit


class StateValueError(RefusalError):
    """The state `key` or its value cannot be stored; `problem` says why."""

    code = "invalid_state"

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"The state {key[:64]!r} cannot be stored: {problem}.")
        self.key = key
        self.problem = problem


class StateConflictError(RefusalError):
    """The state `key` was changed by others before each of `attempts` attempts to change it."""

    code = "state_conflict"

    def __init__(self, key: str, attempts: int) -> None:
        super().__init__("Others changed the same thing at the same time. Try again.")
        self.key = key
        self.attempts = attempts
