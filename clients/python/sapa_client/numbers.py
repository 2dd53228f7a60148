"""Which sequence numbers of a channel have arrived."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Numbers:
    """Everything up to `whole` has arrived, and the numbers `beyond`."""

    whole: int = 0
    beyond: set[int] = field(default_factory=set)

    def add(self, number: int) -> bool:
        """Note a number; false if it was there already."""
        if number <= self.whole or number in self.beyond:
            return False
        self.beyond.add(number)
        self._close_up()
        return True

    def skip_to(self, number: int) -> None:
        """Wait no longer for anything up to a number: it is lost."""
        self.whole = max(self.whole, number)
        self.beyond = {each for each in self.beyond if each > self.whole}
        self._close_up()

    @property
    def has_hole(self) -> bool:
        """Whether a number is missing."""
        return bool(self.beyond)

    def _close_up(self) -> None:
        while self.whole + 1 in self.beyond:
            self.whole += 1
            self.beyond.remove(self.whole)
