"""Values that several tests of the core start from."""

from collections.abc import Mapping
from urllib.parse import urlencode

from local_gateway.core.http import Headers, Pairs, Request
from local_gateway.core.model import WebSocketApi, WebSocketRoute, WebSocketStage
from local_gateway.core.timestamps import RequestStamp
from local_gateway.core.websocket.events import Identity
from local_gateway.core.websocket.integration import LambdaProxy

CONNECTION_ID = "BFaT_fALIAMCKug="
REQUEST_ID = "BFaVtH2HoAMFZEQ="
CONNECTED_AT = 1_707_502_303_042
STAMP = RequestStamp(CONNECTED_AT + 3, REQUEST_ID)


def identity(
    *, user_agent: str | None = "Probe/1", stage_variables: Mapping[str, str] | None = None
) -> Identity:
    return Identity(
        api_id="a1b2c3d4e5",
        stage="ws",
        stage_variables=tuple((stage_variables or {}).items()),
        domain_name="a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
        connection_id=CONNECTION_ID,
        connected_at=CONNECTED_AT,
        source_ip="192.0.2.7",
        user_agent=user_agent,
        partition="aws",
        region="eu-west-1",
        account_id="123456789012",
    )


def handshake(headers: Pairs = (), query: Pairs = ()) -> Request:
    return Request(
        method="GET",
        path="/ws",
        query_string=urlencode(query),
        headers=Headers(headers),
        source_ip="192.0.2.7",
    )


def api(*route_keys: str, expression: str = "$request.body.action") -> WebSocketApi:
    return WebSocketApi(
        logical_id="Api",
        api_id="a1b2c3d4e5",
        route_selection_expression=expression,
        routes={
            key: WebSocketRoute(route_key=key, integration=LambdaProxy("Function"))
            for key in route_keys
        },
        stages=(WebSocketStage(name="ws"),),
    )
