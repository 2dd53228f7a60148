"""What is left of a handler without its post."""

from benchmarks.hot_path import TIME, figures_of_parts
from benchmarks.reply_subjects import (
    ANSWER,
    BARE,
    EMPTY,
    HANDLER,
    POST,
    SIGNING,
    TELLING,
    WITHOUT_POST,
)


def test_post_is_taken_from_the_handler_of_the_same_turn() -> None:
    parts = {part: [1.0, 1.0] for part in (ANSWER, TELLING, SIGNING, EMPTY, BARE)}
    samples = {TIME: {**parts, HANDLER: [500.0, 300.0], POST: [200.0, 100.0]}}
    figures = {figure.subject: figure for figure in figures_of_parts(samples)}
    assert (figures[WITHOUT_POST].minimum, figures[WITHOUT_POST].p50) == (200.0, 250.0)
