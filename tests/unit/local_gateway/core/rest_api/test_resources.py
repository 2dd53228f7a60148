import pytest

from local_gateway.core.model import LambdaIntegration, RestMethod
from local_gateway.core.rest_api.resources import match

KEYS = (
    "GET /",
    "ANY /{proxy+}",
    "GET /pets",
    "POST /pets",
    "ANY /pets",
    "GET /pets/{id}",
    "GET /pets/new",
    "GET /pets/{id}/{rest+}",
)
METHODS = [
    RestMethod(http_method=verb, resource=path, integration=LambdaIntegration(function="F"))
    for verb, path in (key.split(" ") for key in KEYS)
]


@pytest.mark.parametrize(
    ("line", "served", "parameters"),
    [
        ("GET /", "GET /", {}),
        ("GET /pets", "GET /pets", {}),
        ("POST /pets/", "POST /pets", {}),
        ("PUT /pets", "ANY /pets", {}),
        ("GET /pets/new", "GET /pets/new", {}),
        ("GET /pets/5", "GET /pets/{id}", {"id": "5"}),
        ("GET /pets/a%20b", "GET /pets/{id}", {"id": "a%20b"}),
        ("GET /pets/5/a/b", "GET /pets/{id}/{rest+}", {"id": "5", "rest": "a/b"}),
        ("PUT /dogs/5", "ANY /{proxy+}", {"proxy": "dogs/5"}),
    ],
)
def test_the_most_specific_resource_serves(
    line: str, served: str, parameters: dict[str, str]
) -> None:
    http_method, path = line.split(" ")
    matched = match(reversed(METHODS), http_method, path)
    assert matched is not None
    method, captured = matched
    assert (f"{method.http_method} {method.resource}", captured) == (served, parameters)


def test_a_resource_without_the_method_serves_nothing() -> None:
    assert match(METHODS, "POST", "/pets/5") is None
    assert match(METHODS, "POST", "/") is None
    assert match(METHODS[:1], "GET", "/pets") is None
