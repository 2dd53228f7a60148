import pytest

from local_gateway.core.http_api.routes import match, path_in_stage
from local_gateway.core.model import HttpRoute

KEYS = [
    "$default",
    "ANY /{proxy+}",
    "GET /pets/{proxy+}",
    "GET /pets/dog/{id}",
    "GET /pets/dog/1",
    "ANY /pets/dog/1",
    "POST /users/{user}/files/{path+}",
    "GET /",
    "GET /{first}/cat",
]


def routes(*keys: str) -> list[HttpRoute]:
    return [HttpRoute(route_key=key, function="F") for key in keys]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1", {}),
        ("PUT", "/pets/dog/1", "ANY /pets/dog/1", {}),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
        ("GET", "/pets/dog/a%20b%2Fc", "GET /pets/dog/{id}", {"id": "a b/c"}),
        ("GET", "/pets/bird/1", "GET /pets/{proxy+}", {"proxy": "bird/1"}),
        ("GET", "/pets/dog/", "GET /pets/{proxy+}", {"proxy": "dog/"}),
        ("GET", "/pets/cat", "GET /{first}/cat", {"first": "pets"}),
        ("POST", "/pets/5", "ANY /{proxy+}", {"proxy": "pets/5"}),
        ("GET", "/pets", "ANY /{proxy+}", {"proxy": "pets"}),
        ("POST", "/users/ada/files/a/b", KEYS[6], {"user": "ada", "path": "a/b"}),
        ("GET", "/", "GET /", {}),
        ("POST", "/", "$default", {}),
    ],
)
def test_the_most_specific_route_serves_whatever_the_order(
    method: str, path: str, key: str, parameters: dict[str, str], order: int
) -> None:
    found = match(routes(*KEYS[::order]), method, path)
    assert found is not None
    assert (found[0].route_key, found[1]) == (key, parameters)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/b"), ("POST", "/a"), ("GET", "/a/"), ("GET", "/a/b"), ("GET", "/"), ("GET", "/x//")],
)
def test_nothing_matches_without_a_default_route(method: str, path: str) -> None:
    assert match(routes("GET /a", "GET /x/{y}", "GET /x/y/{z+}"), method, path) is None


@pytest.mark.parametrize(
    ("stage", "path", "inside"),
    [
        ("$default", "/dev/x", "/dev/x"),
        ("dev", "/dev/x", "/x"),
        ("dev", "/dev/", "/"),
        ("dev", "/dev", "/"),
        ("dev", "/device", None),
        ("dev", "/", None),
    ],
)
def test_the_path_below_a_stage(stage: str, path: str, inside: str | None) -> None:
    assert path_in_stage(stage, path) == inside
