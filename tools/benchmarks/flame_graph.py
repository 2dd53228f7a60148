"""Draws a flame graph: a box is a function, as wide as its share, and stands on its caller."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib import style
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch, Rectangle

from tools.benchmarks.flame import Box, Profile, boxes
from tools.benchmarks.plots import PICTURES, STYLE, save

_WIDTH, _ROW = 11.0, 0.24
_FONT_SIZE = 7.5
# Of a character, measured for that size as a share of the whole width.
_CHARACTER = 0.0068
_COLOURS = {
    "functions": "#9ec5fe",
    "sapa": "#9ec5fe",
    "aws_lambda_powertools": "#ffd8a8",
    "pydantic": "#d8b4fe",
}
_OTHERS = "#dee2e6"
_LEGEND = {"ours": "#9ec5fe", "Powertools": "#ffd8a8", "pydantic": "#d8b4fe", "Python's": _OTHERS}


def draw_flames(name: str, profile: Profile) -> Path:
    """Draw what was sampled; returns the file, which is overwritten."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with style.context(STYLE):
        return save(name, picture(boxes(profile)))


def picture(found: Sequence[Box]) -> Canvas:
    """The graph on a canvas."""
    rows = 1 + max((box.depth for box in found), default=0)
    canvas = Canvas(figsize=(_WIDTH, _ROW * rows + 1))
    axes = canvas.add_subplot()
    for box in found:
        colour = _COLOURS.get(box.package, _OTHERS)
        axes.add_patch(
            Rectangle((box.left, box.depth), box.width, 1, facecolor=colour, edgecolor="white")
        )
        label = _fitting(box)
        if label:
            middle = box.left + box.width / 2
            axes.text(middle, box.depth + 0.5, label, ha="center", va="center", fontsize=_FONT_SIZE)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, rows)
    axes.grid(visible=False)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.set_title("Share of the samples; each function stands on its caller", loc="left")
    patches = [Patch(color=colour, label=label) for label, colour in _LEGEND.items()]
    axes.legend(handles=patches, frameon=False, loc="upper right", ncols=len(patches))
    return canvas


def _fitting(box: Box) -> str:
    """The label, or as much of its end as there is room for; nothing when that says nothing."""
    room = int(box.width / _CHARACTER)
    for text in (f"{box.label} {box.width:.0%}", box.label, box.label.rpartition(".")[2]):
        if len(text) <= room:
            return text
    return ""
