"""The first bot's answers."""

import pytest

from sapa.processes.reply import reply


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("Hai!", "Halo!"),
        ("Bagaimana kabarmu?", "Hebat! Bagaimana denganmu?"),
        ("Hai", "Hai"),
        ("hai!", "hai!"),
        ("", ""),
    ],
)
def test_greetings_are_answered_and_the_rest_comes_back(message: str, answer: str) -> None:
    assert reply(message) == answer


def test_docstring_is_the_documentation() -> None:
    assert reply.documentation == (
        "Answer a greeting; any other message comes back unchanged.\n\n"
        "Balas sapaan; pesan lain dikembalikan apa adanya."
    )
