"""Faults that strike exactly what a test names."""

from local_gateway.core.chaos import Fault, Key


class Plan:
    """Applies to these keys, written as `(fault, stage or API, number or route, event)`."""

    def __init__(self, *planned: tuple[Key, ...], delay: float = 0.0) -> None:
        self._planned = frozenset(planned)
        self._delay = delay

    def applies(self, fault: Fault, /, *key: Key) -> bool:
        """Whether it was planned."""
        return (fault, *key) in self._planned

    def delay(self, *key: Key) -> float:
        """The same for everything that is slow."""
        return self._delay
