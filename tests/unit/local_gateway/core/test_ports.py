import pytest

from local_gateway.core.model import (
    Application,
    HttpApi,
    HttpStage,
    RestApi,
    RestStage,
    WebSocketApi,
    WebSocketStage,
)
from local_gateway.core.ports import Api, assign_ports, domain_name


def websocket_api(name: str, *stages: str) -> WebSocketApi:
    return WebSocketApi(
        logical_id=name,
        api_id=name,
        route_selection_expression="$request.body.action",
        routes={},
        stages=tuple(WebSocketStage(name=stage) for stage in stages),
    )


def http_api(name: str, *stages: str) -> HttpApi:
    staged = tuple(HttpStage(name=stage) for stage in stages)
    return HttpApi(logical_id=name, api_id=name, routes=(), stages=staged)


def rest_api(name: str, *stages: str) -> RestApi:
    staged = tuple(RestStage(name=stage) for stage in stages)
    return RestApi(logical_id=name, api_id=name, methods=(), stages=staged)


def application(*apis: Api, partition: str = "aws") -> Application:
    return Application(
        stack_name="s",
        account_id="123456789012",
        region="eu-west-1",
        partition=partition,
        functions={},
        websocket_apis=tuple(api for api in apis if isinstance(api, WebSocketApi)),
        http_apis=tuple(api for api in apis if isinstance(api, HttpApi)),
        rest_apis=tuple(api for api in apis if isinstance(api, RestApi)),
    )


@pytest.mark.parametrize(
    ("apis", "ports"),
    [
        ([], [[]]),
        (
            [websocket_api("a", "x"), websocket_api("b", "y"), http_api("h", "z")],
            [["a", "b", "h"]],
        ),
        ([websocket_api("a", "x"), websocket_api("b", "x")], [["a"], ["b"]]),
        ([websocket_api("a", "x"), http_api("h", "x"), http_api("i", "y")], [["a", "i"], ["h"]]),
        ([http_api("h", "x"), http_api("i", "y")], [["h"], ["i"]]),
        (
            [websocket_api("a", "x"), http_api("h", "$default"), rest_api("r", "y")],
            [["a", "h", "r"]],
        ),
        ([websocket_api("a", "x"), rest_api("r", "x"), rest_api("s", "y")], [["a", "s"], ["r"]]),
    ],
)
def test_apis_share_a_port_as_long_as_their_paths_differ(
    apis: list[Api], ports: list[list[str]]
) -> None:
    assert [port.api_ids() for port in assign_ports(application(*apis))] == ports


@pytest.mark.parametrize(
    ("partition", "suffix"), [("aws", "amazonaws.com"), ("aws-cn", "amazonaws.com.cn")]
)
def test_a_domain_name_is_the_one_on_aws(partition: str, suffix: str) -> None:
    served = application(partition=partition)
    assert domain_name("abc", served) == f"abc.execute-api.eu-west-1.{suffix}"
