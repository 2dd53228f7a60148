"""Sampled stacks as a flame graph's boxes: which function took which share, called by which."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

type Profile = dict[str, int]
"""Samples by folded stack: names from the outermost on, with semicolons between."""

_BETWEEN = ";"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A function where it was called from; `left` and `width` are shares of all samples.

    `name` is `package.module:Class.function`.
    """

    name: str
    depth: int
    left: float
    width: float

    @property
    def package(self) -> str:
        """The distribution's or the library's top package."""
        return self.name.partition(":")[0].partition(".")[0]

    @property
    def label(self) -> str:
        """The function behind its class or else its module; what it is nested in is left out."""
        module, _, function = self.name.partition(":")
        function = function.rpartition("<locals>.")[2]
        return function if "." in function else f"{module.rpartition('.')[2]}.{function}"


def folded(stacks: Mapping[tuple[str, ...], int]) -> Profile:
    """Samples by stack, the most frequent first."""
    ordered = sorted(stacks.items(), key=lambda item: (-item[1], item[0]))
    return {_BETWEEN.join(stack): samples for stack, samples in ordered}


def trimmed(profile: Profile, least: float) -> Profile:
    """The same samples, with calls that have less than the share `least` left to their callers."""
    totals = _totals(profile)
    needed = least * sum(profile.values())
    kept: Counter[tuple[str, ...]] = Counter()
    for stack, samples in profile.items():
        names = tuple(stack.split(_BETWEEN))
        while len(names) > 1 and totals[names] < needed:
            names = names[:-1]
        kept[names] += samples
    return folded(kept)


def boxes(profile: Profile) -> list[Box]:
    """Each function on top of its caller, neighbours by name; nothing for no samples."""
    totals = _totals(profile)
    everything = sum(profile.values())
    free: dict[tuple[str, ...], float] = {(): 0.0}
    found = []
    # Sorted, a caller comes before what it calls.
    for names in sorted(totals):
        left = free[names[:-1]]
        width = totals[names] / everything
        free[names[:-1]] = left + width
        free[names] = left
        found.append(Box(name=names[-1], depth=len(names) - 1, left=left, width=width))
    return found


def _totals(profile: Profile) -> Counter[tuple[str, ...]]:
    """By the beginning of a stack, the samples in which it was or called something."""
    totals: Counter[tuple[str, ...]] = Counter()
    for stack, samples in profile.items():
        names = tuple(stack.split(_BETWEEN))
        for depth in range(1, len(names) + 1):
            totals[names[:depth]] += samples
    return totals
