"""All errors of this package, as one tree.

SapaError
├── SettingError                 an environment variable is missing or unusable
├── LambdaEventError             an event lacks what API Gateway or EventBridge always sends
├── FanOutTaskError              a message in the queue is not a fan-out task
├── AnswerTaskError              a message in the queue is not an answer task
├── AnswerBeingWrittenError      another writer is alive
├── BusinessProcessError         a function cannot serve as a business process
│   └── UnsupportedResultError   it returned something that cannot be sent
├── UnknownEndpointError         no endpoint has this name
├── RefusalError                 a client asked for something that it cannot have
│   ├── RefusedError             a business process refuses, and says why
│   ├── ChannelNameError         a text cannot name a channel
│   ├── TooManyChannelsError     a connection is already in the maximum number of channels
│   ├── ForbiddenChannelError    a channel belongs to another user
│   ├── PayloadError             a payload cannot be sent to clients
│   │   └── PayloadTooLargeError it is larger than a frame may be
│   ├── TooManyAnswersError      a user has the maximum number of running answers
│   ├── UnknownAnswerError       no answer of the user has this id
│   ├── LanguageModelError       a language model does not answer, or not to the end
│   ├── StateValueError          a state's key or value cannot be stored
│   └── StateConflictError       other writers kept changing a state
├── ConnectionGoneError          the connection is closed (410)
├── DeliveryError                the management API did not accept a call
├── UndeliveredError             an event did not reach some of its recipients
├── StoreError                   DynamoDB did not accept a call
│   └── ConditionFailedError     a write's own condition did not hold
├── QueueError                   SQS did not accept a message
└── LoginError                   a login is not granted
    ├── InvalidCredentialsError
    ├── NewPasswordRequiredError
    ├── NewPasswordRefusedError
    ├── TooManyAttemptsError
    ├── UnsupportedChallengeError
    └── CredentialsUnavailableError
"""

from collections.abc import Iterable, Mapping
from typing import Any

_MAX_FIELDS = 20
_MAX_FIELD_NAME_LENGTH = 64


class SapaError(Exception):
    """The base of all errors that this package raises."""


class SettingError(SapaError):
    """The environment variable `name` is missing or unusable."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"environment variable {name} {problem}")
        self.name = name
        self.problem = problem


class LambdaEventError(SapaError):
    """The event has no usable value at `path`, for example `requestContext.connectionId`."""

    def __init__(self, path: str) -> None:
        super().__init__(f"the event has no usable {path}")
        self.path = path


class FanOutTaskError(SapaError):
    """The body of a message in the queue is not a fan-out task."""

    def __init__(self) -> None:
        super().__init__("the message is not a fan-out task")


class AnswerTaskError(SapaError):
    """The body of a message in the queue is not an answer task."""

    def __init__(self) -> None:
        super().__init__("the message is not an answer task")


class AnswerBeingWrittenError(SapaError):
    """Another writer of the answer is alive: the task comes back later."""

    def __init__(self, answer_id: str) -> None:
        super().__init__(f"another writer writes answer {answer_id}")


class BusinessProcessError(SapaError):
    """The function `name` cannot serve as a business process."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"business process {name}: {problem}")
        self.name = name
        self.problem = problem


class UnsupportedResultError(BusinessProcessError):
    """The business process returned something that cannot be sent to a client."""


class UnknownEndpointError(SapaError):
    """No endpoint is called `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no endpoint {name!r}")
        self.name = name


class RefusalError(SapaError):
    """A client asked for something that it cannot have.

    The client is shown `code`, `message` and, for each wrong input, an entry in `fields`. So the
    text must not name anything that the client may not know. `details` are further members of the
    error, for example `retry_after_ms`.
    """

    def __init__(
        self,
        code: str,
        message: str,
        fields: Mapping[str, str] | None = None,
        **details: str | int,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = fields
        self.details = details

    def as_json(self) -> dict[str, Any]:
        """The JSON object that the client gets: `{"error": {"code", "message", "fields"?}}`."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.fields is not None:
            error["fields"] = dict(self.fields)
        return {"error": error | self.details}


def refused_fields(names: Iterable[str], problem: str) -> dict[str, str]:
    """The same problem for each name; few enough, and short enough, to show to a client."""
    shown = sorted(names)[:_MAX_FIELDS]
    return {shortened(name): problem for name in shown}


def shortened(name: str) -> str:
    """A name that a client sent, short enough to send back."""
    return name[:_MAX_FIELD_NAME_LENGTH].encode(errors="replace").decode()


def session_ended() -> RefusalError:
    """The last frame of a socket whose login has ended."""
    return RefusalError("session_ended", "Your login has ended. Log in again.")


def too_many_connections() -> RefusalError:
    """The last frame of a connection that is closed for a newer one of its user."""
    text = "You have opened too many connections, so the oldest is closed."
    return RefusalError("too_many_connections", text)


class RefusedError(RefusalError):
    """A business process raises this to refuse, with a reason and `fields` for single inputs.

    raise RefusedError("It is ana's turn.")
    raise RefusedError("This cell is taken.", {"cell": "is taken"})
    """

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__("refused", message, fields)


class ChannelNameError(RefusalError):
    """`name` has characters that a channel's name may not have, or too many."""

    def __init__(self, name: str) -> None:
        text = "A channel's name has letters, digits and -_.:/, at most 128 of them."
        super().__init__("invalid_channel", text)
        self.name = name


class TooManyChannelsError(RefusalError):
    """A connection may not join `channel`: it is in `limit` channels already."""

    def __init__(self, channel: str, limit: int) -> None:
        super().__init__("too_many_channels", f"A connection may be in {limit} channels at most.")
        self.channel = channel
        self.limit = limit


class ForbiddenChannelError(RefusalError):
    """The user may not be in `channel`."""

    def __init__(self, channel: str) -> None:
        text = "This channel belongs to another user, or this login has never joined it."
        super().__init__("forbidden_channel", text)
        self.channel = channel


class PayloadError(RefusalError):
    """A payload cannot be sent to clients; `fields` has the keys that are wrong."""

    def __init__(
        self, problem: str, fields: Mapping[str, str] | None = None, code: str = "invalid_payload"
    ) -> None:
        super().__init__(code, problem, fields)


class PayloadTooLargeError(PayloadError):
    """The frame for a payload has `size` bytes, more than `limit`."""

    def __init__(self, size: int, limit: int) -> None:
        text = f"an event has {limit} bytes at most as a frame, this one has {size}"
        super().__init__(text, code="payload_too_large")
        self.size = size
        self.limit = limit


class TooManyAnswersError(RefusalError):
    """The user has `limit` answers that run or wait."""

    def __init__(self, limit: int) -> None:
        text = f"You have {limit} answers that are not finished. Wait for one, or stop it."
        super().__init__("too_many_answers", text)
        self.limit = limit


class UnknownAnswerError(RefusalError):
    """The user has no answer with this id, or it has expired."""

    def __init__(self) -> None:
        super().__init__("unknown_answer", "You have no answer with this id.")


class LanguageModelError(RefusalError):
    """A language model does not answer, or not to the end; `reason` is for the log."""

    def __init__(self, code: str, message: str, reason: str) -> None:
        super().__init__(code, message)
        self.reason = reason


class StateValueError(RefusalError):
    """The state `key` or its value cannot be stored; `problem` says why."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__("invalid_state", f"The state {key[:64]!r} cannot be stored: {problem}.")
        self.key = key
        self.problem = problem


class StateConflictError(RefusalError):
    """Other writers changed the state `key` before each of `attempts` attempts to change it."""

    def __init__(self, key: str, attempts: int) -> None:
        text = "Somebody else changed this at the same time. Try again."
        super().__init__("state_conflict", text)
        self.key = key
        self.attempts = attempts


class ConnectionGoneError(SapaError):
    """The connection is closed, or never existed."""

    def __init__(self, connection_id: str) -> None:
        super().__init__(f"connection {connection_id} is gone")
        self.connection_id = connection_id


class DeliveryError(SapaError):
    """The management API did not accept a call for `connection_id`; `reason` is its error code."""

    def __init__(self, connection_id: str, reason: str) -> None:
        super().__init__(f"connection {connection_id}: {reason}")
        self.connection_id = connection_id
        self.reason = reason


class StoreError(SapaError):
    """DynamoDB did not accept a call on `table`; `reason` is its error code."""

    def __init__(self, table: str, reason: str) -> None:
        super().__init__(f"table {table}: {reason}")
        self.table = table
        self.reason = reason


class ConditionFailedError(StoreError):
    """A write's own condition did not hold; `item` is the stored one, if there is one."""

    def __init__(self, table: str, reason: str, item: Mapping[str, Any]) -> None:
        super().__init__(table, reason)
        self.item = item


class QueueError(SapaError):
    """SQS did not accept a message for `queue`; `reason` is its error code."""

    def __init__(self, queue: str, reason: str) -> None:
        super().__init__(f"queue {queue}: {reason}")
        self.queue = queue
        self.reason = reason


class UndeliveredError(SapaError):
    """An event of `channel` did not reach `recipients` connections after all attempts."""

    def __init__(self, channel: str, recipients: int) -> None:
        super().__init__(f"channel {channel}: {recipients} recipients not reached")
        self.channel = channel
        self.recipients = recipients


class LoginError(SapaError):
    """A login is not granted."""


class InvalidCredentialsError(LoginError):
    """The user does not exist or the password is wrong; the answer does not say which."""


class NewPasswordRequiredError(LoginError):
    """The password is right but temporary: the login has to bring a new one."""


class NewPasswordRefusedError(LoginError):
    """The new password breaks the user pool's policy; `policy` explains it to the user."""

    def __init__(self, policy: str) -> None:
        super().__init__(policy)
        self.policy = policy


class TooManyAttemptsError(LoginError):
    """The user is locked out for now, or the user pool throttles."""


class UnsupportedChallengeError(LoginError):
    """The user pool asks for something that this login does not support, for example a code."""

    def __init__(self, challenge: str) -> None:
        super().__init__(f"unsupported challenge {challenge}")
        self.challenge = challenge


class CredentialsUnavailableError(LoginError):
    """The user pool does not answer as it should; `reason` is its error code."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"user pool: {reason}")
        self.reason = reason
