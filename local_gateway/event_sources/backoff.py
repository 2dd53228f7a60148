"""How long to wait before a queue that could not be read is tried again."""

import asyncio

_FIRST, _LONGEST = 1.0, 30.0


class Pause:
    """Grows with every failure in a row, up to half a minute."""

    def __init__(self) -> None:
        self._seconds = 0.0

    @property
    def is_first(self) -> bool:
        """Whether the failure is the first of its row."""
        return not self._seconds

    def reset(self) -> None:
        """It worked."""
        self._seconds = 0.0

    async def wait(self) -> None:
        """It failed."""
        self._seconds = min(max(_FIRST, self._seconds * 2), _LONGEST)
        await asyncio.sleep(self._seconds)
