import pytest

from local_gateway.core.path_patterns import capture, rank


@pytest.mark.parametrize(
    ("pattern", "path", "captured"),
    [
        ("/", "/", {}),
        ("/pets", "/pets", {}),
        ("/pets", "/dogs", None),
        ("/a pet", "/a%20pet", {}),
        ("/pets/{id}", "/pets/a%2Fb", {"id": "a%2Fb"}),
        ("/pets/{id}", "/pets/", None),
        ("/pets/{id}", "/pets", None),
        ("/pets/{id}", "/pets/1/2", None),
        ("/{proxy+}", "/a/b%20c", {"proxy": "a/b%20c"}),
        ("/{proxy+}", "/", None),
        ("/pets/{id}/{rest+}", "/pets/1/2/3", {"id": "1", "rest": "2/3"}),
    ],
)
def test_the_values_of_variables(pattern: str, path: str, captured: dict[str, str] | None) -> None:
    assert capture(pattern, path) == captured


def test_literals_come_before_variables_and_greedy_ones_last() -> None:
    patterns = ["/{proxy+}", "/pets/{rest+}", "/{kind}/{id}", "/pets/{id}", "/pets/new"]
    assert sorted(patterns, key=rank) == [
        "/pets/new",
        "/pets/{id}",
        "/{kind}/{id}",
        "/pets/{rest+}",
        "/{proxy+}",
    ]
