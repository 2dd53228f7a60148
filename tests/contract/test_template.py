"""What template.yaml promises: the APIs, what they run, and the page's origin."""

import re
from pathlib import Path
from typing import Any

from sapa.connections.connection import HANDSHAKE_SECONDS, OPENING_SECONDS
from sapa.errors import SettingError
from sapa.settings import Settings
from tests.contract.transformed_template import PROJECT, function_behind, references, resources

LAMBDAS_OWN = {
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
}


def routes() -> dict[str, dict[str, Any]]:
    return {route["RouteKey"]: route for route in resources("AWS::ApiGatewayV2::Route").values()}


def pins(requirements: Path) -> dict[str, str]:
    text = requirements.read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w-]+)==(\S+)", text, re.MULTILINE))


class RecordingEnvironment(dict[str, str]):
    """An environment in which nothing is set and that remembers what was read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)

    def __missing__(self, key: str) -> str:
        self.read.add(key)
        raise KeyError(key)


def test_a_route_runs_the_function_that_has_its_name() -> None:
    integrations = resources("AWS::ApiGatewayV2::Integration")
    runs = {
        route_key: function_behind(
            integrations[next(references(route["Target"]))]["IntegrationUri"]
        )
        for route_key, route in routes().items()
    }
    assert runs == {
        "$connect": "ConnectFunction",
        "$default": "DefaultFunction",
        "$disconnect": "DisconnectFunction",
    }


def test_every_function_has_the_folder_that_has_its_name() -> None:
    folders = {path.parent.name for path in (PROJECT / "functions").glob("*/app.py")}
    assert {
        name: function["Code"]["S3Key"]
        for name, function in resources("AWS::Lambda::Function").items()
    } == {
        f"{folder.title().replace('_', '')}Function": f"functions/{folder}/" for folder in folders
    }


def test_only_connect_is_authorized_and_by_the_cookie() -> None:
    [(authorizer_id, authorizer)] = resources("AWS::ApiGatewayV2::Authorizer").items()
    assert routes()["$connect"]["AuthorizationType"] == "CUSTOM"
    assert routes()["$connect"]["AuthorizerId"] == {"Ref": authorizer_id}
    assert authorizer["IdentitySource"] == ["route.request.header.Cookie"]
    assert function_behind(authorizer["AuthorizerUri"]) == "AuthorizerFunction"
    for route_key in ("$default", "$disconnect"):
        assert not {"AuthorizationType", "AuthorizerId"} & routes()[route_key].keys()


def test_no_message_can_select_another_route_than_default() -> None:
    websocket_api = resources("AWS::ApiGatewayV2::Api")["WebSocketApi"]
    assert websocket_api["RouteSelectionExpression"] == r"\$default"


def test_the_http_api_asks_for_a_signature_where_events_are_published() -> None:
    paths = resources("AWS::ApiGatewayV2::Api")["HttpApi"]["Body"]["paths"]
    routes = {
        path: (function_behind(operation), operation.get("security"))
        for path, methods in paths.items()
        for operation in methods.values()
    }
    assert routes == {
        "$default": ("ApiFunction", None),
        "/auth/login": ("ApiFunction", None),
        "/publish": ("PublishFunction", [{"AWS_IAM": []}]),
    }


def test_logins_and_handshakes_have_tighter_throttles_than_the_rest() -> None:
    stages = {
        stage["ApiId"]["Ref"]: stage for stage in resources("AWS::ApiGatewayV2::Stage").values()
    }
    for api, route_key in (("WebSocketApi", "$connect"), ("HttpApi", "POST /auth/login")):
        rest, own = stages[api]["DefaultRouteSettings"], stages[api]["RouteSettings"][route_key]
        for setting in ("ThrottlingRateLimit", "ThrottlingBurstLimit"):
            assert 0 < own[setting] < rest[setting]


def test_the_path_of_the_websocket_is_its_stage_and_both_origins_get_the_viewers_host() -> None:
    [distribution] = resources("AWS::CloudFront::Distribution").values()
    config = distribution["DistributionConfig"]
    page, [websocket] = config["DefaultCacheBehavior"], config["CacheBehaviors"]
    assert not any("OriginPath" in origin for origin in config["Origins"])
    assert websocket["PathPattern"] == "/ws"
    stages = resources("AWS::ApiGatewayV2::Stage").values()
    assert {stage["ApiId"]["Ref"]: stage["StageName"] for stage in stages} == {
        "WebSocketApi": "ws",
        "HttpApi": "$default",
    }
    for behaviour in (page, websocket):
        assert "ViewerHostFunction" in references(behaviour["FunctionAssociations"])


def test_every_declared_variable_is_read_and_every_required_one_declared() -> None:
    environment = RecordingEnvironment()
    settings = Settings(environment)
    required: set[str] = set()
    for name in (name for name in vars(Settings) if not name.startswith("_")):
        try:
            getattr(settings, name)
        except SettingError as error:
            required.add(error.name)
    declared = {
        name
        for function in resources("AWS::Lambda::Function").values()
        for name in function["Environment"]["Variables"]
    }
    # Powertools reads its log level itself.
    assert declared <= environment.read | {"POWERTOOLS_LOG_LEVEL"}
    assert required <= declared | LAMBDAS_OWN


def test_the_layer_ships_the_versions_that_the_tests_run_with() -> None:
    shipped = pins(PROJECT / "layers/dependencies/requirements.txt")
    assert {"pydantic", "aws-lambda-powertools"} <= shipped.keys()
    assert shipped.items() <= pins(PROJECT / "requirements/run.txt").items()


def test_a_handshake_is_over_when_the_code_relies_on_it() -> None:
    timeouts = {
        name: function["Timeout"] for name, function in resources("AWS::Lambda::Function").items()
    }
    connect = timeouts["ConnectFunction"]
    assert connect < OPENING_SECONDS
    assert timeouts["AuthorizerFunction"] + connect < HANDSHAKE_SECONDS
    # A logout waits for it, and an HTTP API waits 30 seconds for its function.
    assert OPENING_SECONDS + 10 < timeouts["ApiFunction"] < 30
