"""Which values a JSONPath selects."""

from typing import Any

import pytest

from local_gateway.core.json_path import ABSENT, JsonPath

# The example of https://goessner.net/articles/JsonPath/, shortened.
STORE: dict[str, Any] = {
    "store": {
        "book": [
            {"author": "Rees", "price": 8.95},
            {"author": "Waugh", "price": 12.99},
            {"author": "Melville", "isbn": "0-553"},
        ],
        "bicycle": {"color": "red", "price": 19.95},
        "on sale": True,
        "it's": None,
    }
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", STORE),
        ("", STORE),
        ("$.store.bicycle.color", "red"),
        (" $.store.bicycle.color ", "red"),
        ("store.bicycle.color", "red"),
        (".store['bicycle'][\"color\"]", "red"),
        ("$['store']['on sale']", True),
        (r"$.store['it\'s']", None),
        ("$.store.book[0].author", "Rees"),
        ("$.store.book[-1].author", "Melville"),
        ("$.store.book[*].author", ["Rees", "Waugh", "Melville"]),
        ("$..author", ["Rees", "Waugh", "Melville"]),
        ("$.store..price", [8.95, 12.99, 19.95]),
        ("$..book[2].isbn", ["0-553"]),
        ("$.store.book[0,1].price", [8.95, 12.99]),
        ("$.store.book[:2].price", [8.95, 12.99]),
        ("$.store.book[1:].author", ["Waugh", "Melville"]),
        ("$.store.bicycle.*", ["red", 19.95]),
        ("$.store.bicycle['color','price']", ["red", 19.95]),
        ("$.store.bicycle[*]", ["red", 19.95]),
        ("$..['color']", ["red"]),
        ("$.store.book[?]".replace("[?]", "[9].price"), ABSENT),
        ("$.nothing", ABSENT),
        ("$.store.bicycle.color.deeper", ABSENT),
        ("$.store.book.author", ABSENT),
        ("$.store.bicycle[0]", ABSENT),
        ("$.store.bicycle[:1]", []),
        ("$..nothing", []),
    ],
)
def test_a_path_selects_a_value_or_a_list(path: str, value: object) -> None:
    assert JsonPath.parse(path).value_in(STORE) == value


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("$.store.book[?(@.price < 10)]", "[?(@.price < 10)] is no index"),
        ("$.store.book[(@.length-1)]", "[(@.length-1)] is no index"),
        ("$.store.book.length()", ".length() is no step"),
        ("$.store.", ". is no step"),
        ("$ .store", " .store is no step"),
    ],
)
def test_what_is_not_served_is_named(path: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r"^the JSONPath .* is not served: ") as raised:
        JsonPath.parse(path)
    assert str(raised.value).endswith(problem)


def test_a_message_may_be_as_deep_as_it_likes() -> None:
    root: Any = {}
    for _ in range(50_000):
        root = {"a": root}
    assert JsonPath.parse("$..b").value_in(root) == []
