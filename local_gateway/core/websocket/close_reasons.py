"""The texts that go with close codes."""

# `disconnectReason` as captured on AWS where the closing side gave none; other codes have no text.
_REASONS = {
    1000: "Connection Closed Normally",
    1001: "Going away",
    1005: "Client-side close frame status not set",
}


def reason_of(code: int) -> str:
    """The reason reported with a close code when nobody gave one."""
    return _REASONS.get(code, "")
