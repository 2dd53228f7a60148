"""Figures with their spread, and how they compare with a reference of the same run."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from tools.benchmarks.machine import Machine

RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measure of one subject over `n` samples, in `unit`.

    `p95` is the worse end: a rate's is what 95 % of the samples exceed. `ratios` maps a reference
    subject to this figure's p50 over the reference's. `size` is what a figure that shows growth
    was measured at: connections, members, functions.
    """

    measure: str
    subject: str
    unit: str
    n: int
    minimum: float
    p50: float
    p95: float
    ratios: dict[str, float] = field(default_factory=dict)
    size: int | None = None

    @classmethod
    def of(
        cls,
        measure: str,
        subject: str,
        unit: str,
        samples: Sequence[float],
        *,
        size: int | None = None,
    ) -> Self:
        """The spread of samples; raises `ValueError` when there are none."""
        if not samples:
            raise ValueError(f"{measure} of {subject}: no samples")
        worst = 5 if unit.endswith("/s") else 95
        return cls(
            measure=measure,
            subject=subject,
            unit=unit,
            n=len(samples),
            minimum=_rounded(min(samples)),
            p50=_rounded(statistics.median(samples)),
            p95=_rounded(percentile(samples, worst)),
            size=size,
        )

    def measured(self, measure: str) -> Self:
        """The same figure under another name."""
        return replace(self, measure=measure)


def percentile(samples: Sequence[float], percent: int) -> float:
    """The value that `percent` % of the samples do not exceed, between the two nearest."""
    if len(samples) == 1:
        return samples[0]
    return statistics.quantiles(samples, n=100, method="inclusive")[percent - 1]


def compared(figures: Sequence[Figure], *references: str) -> list[Figure]:
    """The figures with their ratio to each reference that has the same measure and size."""
    medians = {(figure.measure, figure.subject, figure.size): figure.p50 for figure in figures}

    def ratios(figure: Figure) -> dict[str, float]:
        return {
            reference: _rounded(figure.p50 / median)
            for reference in references
            if (median := medians.get((figure.measure, reference, figure.size)))
        }

    return [replace(figure, ratios=ratios(figure)) for figure in figures]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one benchmark measured; `notes` say under which conditions."""

    name: str
    figures: list[Figure]
    notes: list[str] = field(default_factory=list)

    def write(self, machine: Machine, *, quick: bool) -> Path:
        """Write `results/NAME.json` and return its path."""
        document = {
            "benchmark": self.name,
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "quick": quick,
            "machine": asdict(machine),
            "notes": self.notes,
            "figures": [asdict(figure) for figure in self.figures],
        }
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{self.name}.json"
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
        return path


def read_results() -> list[dict[str, Any]]:
    """Every result on disk, by name."""
    return [json.loads(path.read_text("utf-8")) for path in sorted(RESULTS.glob("*.json"))]


def figures_of(document: dict[str, Any]) -> list[Figure]:
    """The figures of a result that was read from disk."""
    return [Figure(**figure) for figure in document["figures"]]


def _rounded(value: float) -> float:
    """Four significant digits: more would pretend."""
    return float(f"{value:.4g}")
