"""The pictures of `docs/performance.md`: growth as lines, comparisons as bars.

Only figures that were measured are drawn; the same results give the same files.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from tools.benchmarks import cold_start, fan_out, growth
from tools.benchmarks.figures import Figure
from tools.benchmarks.processes import ROOT

PICTURES = ROOT / "docs/images/performance"

STYLE: dict[str, Any] = {
    "svg.hashsalt": "sapa",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "axes.axisbelow": True,
}
_WIDTH, _HEIGHT, _BAR = 7.2, 3.6, 0.32
_COLOURS = ("#1f6feb", "#d1570b", "#57606a", "#1a7f37", "#8250df", "#bf3989")


def draw(figures: dict[str, Sequence[Figure]]) -> list[Path]:
    """Draw what results by benchmark hold; returns the files, which are overwritten."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    drawn = []
    with style.context(STYLE):
        for name, (benchmark, measure, picture) in _PICTURES.items():
            found = [one for one in figures.get(benchmark, ()) if one.measure == measure]
            if found:
                drawn.append(save(name, picture(found)))
    return drawn


def save(name: str, canvas: Canvas) -> Path:
    """Write a picture as SVG, the same for the same figures; returns its path."""
    path = PICTURES / f"{name}.svg"
    canvas.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    text = path.read_text("utf-8")
    path.write_text("".join(f"{line.rstrip()}\n" for line in text.splitlines()), "utf-8")
    return path


def _lines(
    x_label: str, *, logarithmic: bool = True, from_zero: bool = False
) -> Callable[[Sequence[Figure]], Canvas]:
    def picture(figures: Sequence[Figure]) -> Canvas:
        canvas, axes = _canvas(_HEIGHT)
        by_subject = sorted(figures, key=lambda figure: figure.subject)
        for colour, (subject, group) in zip(
            _COLOURS, groupby(by_subject, key=lambda figure: figure.subject), strict=False
        ):
            points = sorted((one.size or 0, one.p50, one.p95) for one in group)
            sizes = [size for size, _, _ in points]
            axes.plot(sizes, [p50 for _, p50, _ in points], "o-", color=colour, label=subject)
            axes.plot(sizes, [p95 for _, _, p95 in points], ":", color=colour, linewidth=1)
        if logarithmic:
            axes.set_xscale("log")
            axes.set_yscale("log")
        if from_zero:
            axes.set_ylim(bottom=0)
        axes.set_xlabel(x_label)
        axes.set_ylabel(figures[0].unit)
        axes.set_title(f"{figures[0].measure} (p50; dotted: the worse end)", loc="left")
        axes.legend(frameon=False)
        return canvas

    return picture


def _bars(reference: str, limits: dict[str, float]) -> Callable[[Sequence[Figure]], Canvas]:
    def picture(figures: Sequence[Figure]) -> Canvas:
        canvas, axes = _canvas(_BAR * len(figures) + 1)
        subjects = [figure.subject for figure in figures]
        ratios = [figure.ratios.get(reference, 0.0) for figure in figures]
        axes.barh(subjects, ratios, color=_COLOURS[0])
        for row, (subject, ratio) in enumerate(zip(subjects, ratios, strict=True)):
            aim = limits.get(subject, 0.0)
            axes.text(max(ratio, aim), row, f" {ratio:.3g}", va="center")
            if aim:
                axes.plot([aim] * 2, [row - 0.4, row + 0.4], color=_COLOURS[1])
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.set_xlabel(f"× {reference} (p50){'; the mark is the aim' if limits else ''}")
        axes.set_title(figures[0].measure, loc="left")
        return canvas

    return picture


def _canvas(height: float) -> tuple[Canvas, Axes]:
    canvas = Canvas(figsize=(_WIDTH, height))
    return canvas, canvas.add_subplot()


_AIMS = {"authorizer": 3.5, "connect": 3.5, "disconnect": 3.5, "default": 5.0}

_PICTURES: dict[str, tuple[str, str, Callable[[Sequence[Figure]], Canvas]]] = {
    "cold-start": ("cold_start", cold_start.WITH, _bars(cold_start.EMPTY, _AIMS)),
    "rate": ("growth", growth.RATE, _lines("open connections")),
    "processor": ("growth", growth.PROCESSOR, _lines("open connections")),
    "memory": (
        "growth",
        growth.MEMORY,
        _lines("open connections", logarithmic=False, from_zero=True),
    ),
    "start-up": (
        "growth",
        growth.START,
        _lines("functions in the template", logarithmic=False, from_zero=True),
    ),
    "fan-out": ("fan_out", fan_out.LAST_DELIVERY, _lines("members")),
}
