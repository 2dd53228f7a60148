import pytest

from local_gateway.core.model import HttpApi, HttpStage, WebSocketApi, WebSocketStage
from local_gateway.core.ports import ApiPort
from local_gateway.inspector.site import why_unavailable
from local_gateway.settings import LOOPBACK


def origin(websocket_stage: str = "dev", http_stage: str = "$default") -> ApiPort:
    websocket_api = WebSocketApi(
        logical_id="Chat",
        api_id="a",
        route_selection_expression="$request.body.action",
        routes={},
        stages=(WebSocketStage(name=websocket_stage),),
    )
    http_api = HttpApi(
        logical_id="Pages", api_id="b", routes=(), stages=(HttpStage(name=http_stage),)
    )
    return ApiPort([websocket_api], http_api)


@pytest.mark.parametrize("hosts", [LOOPBACK, ("0.0.0.0",), ("::",), ("localhost",)])  # noqa: S104
def test_nothing_is_in_the_way(hosts: tuple[str, ...]) -> None:
    assert why_unavailable(hosts, origin()) is None
    assert why_unavailable(hosts, ApiPort()) is None


@pytest.mark.parametrize(
    ("origin", "api"),
    [(origin(websocket_stage="_gateway"), "Chat"), (origin(http_stage="_gateway"), "Pages")],
)
def test_a_stage_keeps_its_path(origin: ApiPort, api: str) -> None:
    problem = why_unavailable(LOOPBACK, origin)
    assert problem == f"{api} has a stage called _gateway, which keeps that path"


def test_another_address_leaves_out_loopback() -> None:
    assert "--host 192.168.1.4" in (why_unavailable(("192.168.1.4",), origin()) or "")
