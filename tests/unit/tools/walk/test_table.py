"""The table of the walk."""

from tools.walk.__main__ import table
from tools.walk.timing import compared
from tools.walk.traced import Walk


def test_a_figure_that_a_tree_lacks_is_left_empty() -> None:
    assert table(["before", "now"], [{"old": "1", "kept": "2"}, {"kept": "3", "new": "4"}]) == (
        "|      | before | now |\n"
        "| ---- | -----: | --: |\n"
        "| old  |      1 |     |\n"
        "| kept |      2 |   3 |\n"
        "| new  |        |   4 |"
    )


def test_times_have_their_ratio_to_the_first_tree() -> None:
    assert compared({"a message": 420.4}, {"a message": 500.0}) == {"a message": "420 µs (0.84 ×)"}


def test_a_walk_reads_as_files_and_calls() -> None:
    assert str(Walk({"session.py": 3, "frames.py": 2})) == "2 / 5"
