"""Everything that can go wrong, as one tree.

SapaError
├── SettingError                 a function's environment variable is missing or unusable
├── EventError                   an event lacks what API Gateway always sends
├── BusinessProcessError         a function cannot serve as a business process
│   └── UnsupportedResultError   it returned something that cannot be sent
├── UnknownEndpointError         no endpoint has this name
├── RefusalError                 a business process asked for what it cannot have (`sapa.refusals`)
│   ├── RefusedError             a business process itself refuses, and says why
│   ├── ChannelNameError         a text cannot name a channel
│   ├── TooManyChannelsError     a connection is in as many channels as it may be
│   ├── ForbiddenChannelError    a channel is not for this user
│   ├── PayloadError             what is published cannot be sent to clients
│   │   └── PayloadTooLargeError it is larger than a frame may be
│   ├── StateValueError          a state's key or value cannot be stored
│   └── StateConflictError       others changed a state again and again in the meantime
├── MessageError                 a client's message, or the reply to it, is refused
├── ConnectionGoneError          the connection is closed (410)
├── DeliveryError                the management API did not take a call
├── UndeliveredError             an event did not reach some of its recipients, for now
├── StoreError                   DynamoDB did not take a call
├── QueueError                   SQS did not take a message
└── LoginError                   no login session is granted
    ├── InvalidCredentialsError
    ├── NewPasswordRequiredError
    ├── NewPasswordRefusedError
    ├── TooManyAttemptsError
    ├── UnsupportedChallengeError
    └── CredentialsUnavailableError
"""

from collections.abc import Mapping


class SapaError(Exception):
    """The base of all errors that this package raises."""


class SettingError(SapaError):
    """The environment variable `name` is missing or unusable."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"environment variable {name} {problem}")
        self.name = name
        self.problem = problem


class EventError(SapaError):
    """The event has no usable value at `path`, for example `requestContext.connectionId`."""

    def __init__(self, path: str) -> None:
        super().__init__(f"the event has no usable {path}")
        self.path = path


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


class MessageError(SapaError):
    """A message is refused; all but `message_id` goes to the client.

    `retry_after_ms` says when the same message may pass; `message_id` is the `$id` of the refused
    message, `None` when it has none that is usable.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        fields: Mapping[str, str] | None = None,
        request_id: str | None = None,
        retry_after_ms: int | None = None,
        message_id: str | int | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = fields
        self.request_id = request_id
        self.retry_after_ms = retry_after_ms
        self.message_id = message_id


class RequestError(SapaError):
    """An HTTP request is refused with `status`; `code`, `message` and `fields` are its body."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields
        self.headers = headers


class ConnectionGoneError(SapaError):
    """The connection is closed, or was never there."""

    def __init__(self, connection_id: str) -> None:
        super().__init__(f"connection {connection_id} is gone")
        self.connection_id = connection_id


class DeliveryError(SapaError):
    """The management API did not take a call for `connection_id`; `reason` is its error code."""

    def __init__(self, connection_id: str, reason: str) -> None:
        super().__init__(f"connection {connection_id}: {reason}")
        self.connection_id = connection_id
        self.reason = reason


class StoreError(SapaError):
    """DynamoDB did not take a call on `table`; `reason` is its error code."""

    def __init__(self, table: str, reason: str) -> None:
        super().__init__(f"table {table}: {reason}")
        self.table = table
        self.reason = reason


class QueueError(SapaError):
    """SQS did not take a message for `queue`; `reason` is its error code."""

    def __init__(self, queue: str, reason: str) -> None:
        super().__init__(f"queue {queue}: {reason}")
        self.queue = queue
        self.reason = reason


class UndeliveredError(SapaError):
    """An event of `channel` did not reach `recipients` connections, however often it was tried."""

    def __init__(self, channel: str, recipients: int) -> None:
        super().__init__(f"channel {channel}: {recipients} recipients not reached")
        self.channel = channel
        self.recipients = recipients


class LoginError(SapaError):
    """No login session is granted."""


class InvalidCredentialsError(LoginError):
    """The user is unknown or the password is wrong: nobody outside learns which."""


class NewPasswordRequiredError(LoginError):
    """The password is right but temporary: a new one has to come with it."""


class NewPasswordRefusedError(LoginError):
    """The new password breaks the user pool's policy, which `policy` words for the user."""

    def __init__(self, policy: str) -> None:
        super().__init__(policy)
        self.policy = policy


class TooManyAttemptsError(LoginError):
    """The user is locked out for now, or the user pool is throttled."""


class UnsupportedChallengeError(LoginError):
    """The user pool asks for something that this login cannot answer, for example a code."""

    def __init__(self, challenge: str) -> None:
        super().__init__(f"unsupported challenge {challenge}")
        self.challenge = challenge


class CredentialsUnavailableError(LoginError):
    """The user pool cannot be asked; `reason` is its error code."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"user pool: {reason}")
        self.reason = reason
