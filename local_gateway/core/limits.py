"""The quotas of a WebSocket API that do not depend on the template.

Source: developer guide, "Quotas for configuring and running a WebSocket API".
"""

from dataclasses import dataclass, replace
from typing import Self

KIBIBYTE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes in bytes, times in milliseconds.

    `buffered_bytes` stands for the unpublished size of the buffer that AWS keeps for a client
    that does not read; beyond it a post is answered 429.
    """

    message_bytes: int = 128 * KIBIBYTE
    frame_bytes: int = 32 * KIBIBYTE
    idle_ms: float = 10 * 60 * 1000
    age_ms: float = 2 * 60 * 60 * 1000
    buffered_bytes: int = 1024 * KIBIBYTE

    def warped(self, factor: float) -> Self:
        """The same limits with the idle and age limits arriving `factor` times sooner."""
        return replace(self, idle_ms=self.idle_ms / factor, age_ms=self.age_ms / factor)
