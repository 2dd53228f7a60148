"""Templates as people write them, and our own, become applications with real resources."""

from pathlib import Path

from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.aws_services.provisioning import provision
from local_gateway.core.model import Application, AuthorizationType, Throttle
from local_gateway.core.ports import domain_name
from local_gateway.core.websocket.integration import LambdaProxy
from local_gateway.template.application import build_application
from local_gateway.template.document.stack import Stack
from local_gateway.template.loading.load import load_template

ROOT = Path(__file__).parents[4]


def application(moto: MotoServer, path: str, **overrides: str) -> Application:
    name = path.replace("/", "-").removesuffix(".yaml").replace("_", "-")
    stack = Stack(name=f"{name}{len(overrides)}")
    template = load_template(ROOT / path, overrides, stack)
    values = provision(moto.endpoint_url, template)
    return build_application(template, values).application


def test_chat_with_custom_routes(moto: MotoServer) -> None:
    found = application(moto, "tests/templates/chat/template.yaml")
    [api] = found.websocket_apis
    assert {key: route.integration for key, route in api.routes.items()} == {
        "$connect": LambdaProxy("OnConnectFunction"),
        "$disconnect": LambdaProxy("OnDisconnectFunction"),
        "sendmessage": LambdaProxy("SendMessageFunction"),
    }
    assert api.routes["sendmessage"].timeout == 10.0
    assert api.route_selection_expression == "$request.body.action"
    assert [stage.name for stage in api.stages] == ["Prod"]
    assert found.functions["SendMessageFunction"].timeout == 20.0
    assert found.functions["OnConnectFunction"].environment == {"TABLE_NAME": "chat_connections"}
    assert found.outputs == {"WebSocketURI": f"wss://{domain_name(api.api_id, found)}/Prod"}


def test_raw_cloudformation_with_models_and_route_responses(moto: MotoServer) -> None:
    found = application(moto, "tests/templates/raw/template.yaml")
    [api] = found.websocket_apis
    connect, add, default = (api.routes[key] for key in ("$connect", "add", "$default"))
    assert connect.authorization_type is AuthorizationType.CUSTOM
    assert connect.authorizer is not None
    assert connect.authorizer.function == "AuthorizeFunction"
    assert connect.authorizer.identity_sources == ("route.request.querystring.token",)
    assert add.two_way
    assert add.request_models["add"]["required"] == ["operation", "numbers"]
    assert default.integration == LambdaProxy("DefaultFunction")
    assert (default.timeout, default.two_way) == (5.0, False)
    [stage] = api.stages
    assert stage.variables == {"currency": "IDR"}
    assert stage.default_throttle == Throttle(rate=100.0, burst=50)
    assert stage.throttles == {"add": Throttle(rate=5.0, burst=5000)}
    assert found.functions["AddFunction"].reserved_concurrency == 2
    assert found.functions["DefaultFunction"].environment == {
        "ENDPOINT": f"wss://{domain_name(api.api_id, found)}/production",
        "LIMIT": "10",
    }


def test_two_apis_with_mappings_and_conditions(moto: MotoServer) -> None:
    found = application(moto, "tests/templates/two_apis/template.yaml")
    board, prices = found.websocket_apis
    assert (board.stages[0].name, prices.stages[0].name) == ("board", "prices-dev")
    assert board.api_id != prices.api_id
    environment = found.functions["BoardFunction"].environment
    assert environment["PRICES_URL"] == f"https://{domain_name(prices.api_id, found)}/prices-dev"
    assert environment["QUEUE_URL"].startswith(moto.endpoint_url)
    assert "ALARM_QUEUE_URL" not in environment
    assert found.functions["PricesFunction"].memory_size == 128


def test_two_apis_in_production(moto: MotoServer) -> None:
    found = application(moto, "tests/templates/two_apis/template.yaml", Environment="prod")
    assert found.functions["PricesFunction"].memory_size == 1024
    assert found.functions["BoardFunction"].environment["ALARM_QUEUE_URL"]
    assert found.outputs["Alarms"].startswith(moto.endpoint_url)


def test_the_bots_own_template(moto: MotoServer) -> None:
    found = application(moto, "template.yaml")
    [websocket], [http] = found.websocket_apis, found.http_apis
    assert {key: route.integration for key, route in websocket.routes.items()} == {
        "$connect": LambdaProxy("ConnectFunction"),
        "$default": LambdaProxy("DefaultFunction"),
        "$disconnect": LambdaProxy("DisconnectFunction"),
    }
    assert [stage.name for stage in websocket.stages] == ["ws"]
    assert websocket.routes["$connect"].authorizer is not None
    assert websocket.routes["$connect"].authorizer.identity_sources == (
        "route.request.header.Cookie",
    )
    assert {route.route_key for route in http.routes} == {
        "$default",
        "POST /auth/login",
        "POST /publish",
    }
    assert found.functions["DefaultFunction"].environment["MANAGEMENT_API_ENDPOINT"] == (
        f"https://{domain_name(websocket.api_id, found)}/ws"
    )
    layers = found.functions["DefaultFunction"].layers
    assert [layer.logical_id for layer in layers] == ["DependenciesLayer", "SapaLayer"]
    assert found.outputs["UserPoolId"].startswith("us-east-1_")
