import pytest

from local_gateway.core.model import Application, HttpApi, HttpStage, WebSocketApi, WebSocketStage
from local_gateway.core.ports import assign_ports, domain_name


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


@pytest.mark.parametrize(
    ("websocket_apis", "http_apis", "ports"),
    [
        ([], [], [[]]),
        (
            [websocket_api("a", "x"), websocket_api("b", "y")],
            [http_api("h", "z")],
            [["a", "b", "h"]],
        ),
        ([websocket_api("a", "x"), websocket_api("b", "x")], [], [["a"], ["b"]]),
        ([websocket_api("a", "x")], [http_api("h", "x"), http_api("i", "y")], [["a", "i"], ["h"]]),
        ([], [http_api("h", "x"), http_api("i", "y")], [["h"], ["i"]]),
    ],
)
def test_apis_share_a_port_as_long_as_their_paths_differ(
    websocket_apis: list[WebSocketApi], http_apis: list[HttpApi], ports: list[list[str]]
) -> None:
    assert [port.api_ids() for port in assign_ports(websocket_apis, http_apis)] == ports


@pytest.mark.parametrize(
    ("partition", "suffix"), [("aws", "amazonaws.com"), ("aws-cn", "amazonaws.com.cn")]
)
def test_a_domain_name_is_the_one_on_aws(partition: str, suffix: str) -> None:
    application = Application(
        stack_name="s",
        account_id="123456789012",
        region="eu-west-1",
        partition=partition,
        functions={},
        websocket_apis=(),
        http_apis=(),
    )
    assert domain_name("abc", application) == f"abc.execute-api.eu-west-1.{suffix}"
