"""The metrics of all functions, by name: the dashboard and the alarms show no others.

Each costs the price of a custom metric in every hour in which it has a value, so what AWS counts
by itself (requests, durations, errors of functions and APIs) is not counted here again.
"""

from enum import StrEnum


class Metric(StrEnum):
    """A name in CloudWatch; counts, unless the name ends in `Time` or `Lag`: milliseconds.

    Beside these, each message is counted as `message_metric` of what came of it.
    """

    # An invocation failed, or was answered as unavailable; the log has the cause.
    FAILURE = "Failure"
    # The first invocation of an execution environment.
    COLD_START = "ColdStart"

    LOGIN_GRANTED = "LoginGranted"
    LOGIN_REFUSED = "LoginRefused"
    # By the authorizer or `$connect`; API Gateway alone refuses those without any cookie.
    HANDSHAKE_REFUSED = "HandshakeRefused"
    CONNECTION_OPENED = "ConnectionOpened"
    CONNECTION_CLOSED = "ConnectionClosed"
    # A post found nobody (410).
    CONNECTION_GONE = "ConnectionGone"

    # From a message's event to the frames of its reply: checks and business process.
    PROCESS_TIME = "ProcessTime"
    # All posts of one reply, and forgetting its connection if that is gone.
    POST_TIME = "PostTime"
    # Frames of replies that arrived.
    REPLY_SENT = "ReplySent"

    EVENT_ACCEPTED = "EventAccepted"
    PUBLISH_REFUSED = "PublishRefused"
    # From the acceptance of an event to the last post of a dispatch.
    FAN_OUT_LAG = "FanOutLag"
    FRAME_DELIVERED = "FrameDelivered"
    RECIPIENT_REQUEUED = "RecipientRequeued"
    DISPATCH_FAILED = "DispatchFailed"


def message_metric(outcome: str) -> str:
    """What counts the messages with this outcome: `ok`, `pong`, `resumed` or an error code."""
    return f"Message.{outcome}"
