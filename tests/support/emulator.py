"""A stack made by `sam build` and `sam deploy` on MiniStack, an emulator that is not ours."""

import json
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import yaml

from tests.contract.transformed_template import TagLoader, resources
from tests.support.cloudfront import Origins, viewer_host
from tests.support.programs import ROOT, Program, free_port
from tools.scripts.stacks import Stack, described_stack

type Json = Any

REGION = "ap-southeast-1"
NAME = "sapa-e2e"
_SECONDS = 300.0
_BUILT = ROOT / ".aws-sam/emulated"
_TEMPLATE = _BUILT / "emulated.json"
# The functions run on this machine, so what is built has to be for it.
_IS_X86 = platform.machine() in {"x86_64", "AMD64"}
_CONFIG = "x86_64" if _IS_X86 else "default"
_API_HOST = ".execute-api.${AWS::Region}.${AWS::URLSuffix}"
# Many tests talk as the same user; rate limits are not what they are about.
_LIMITS = {
    "MESSAGES_PER_SECOND_PER_CONNECTION": "1000",
    "MESSAGES_PER_SECOND_PER_USER": "1000",
}
_FUNCTION = re.compile(r"functions/\$\{(\w+)\}")


@contextmanager
def emulated_stack() -> Iterator[tuple[Stack, str, str]]:
    """The stack, the URL of its page and that of its management API. Takes about half a minute."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    aws = {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
    }
    listening = {"GATEWAY_PORT": str(port), "MINISTACK_REGION": REGION}
    # It leaves a copy of each function and its layers behind for every worker it started.
    with (
        TemporaryDirectory(prefix="sapa-emulator-") as scratch,
        Program(
            ".venv-emulator/bin/ministack", variables={**aws, **listening, "TMPDIR": scratch}
        ) as ministack,
    ):
        ministack.wait_for("Running on")
        _run(["make", "build", f"ARGS=--config-env {_CONFIG} --build-dir {_BUILT}"], {})
        _write(url, _BUILT / "template.yaml", _TEMPLATE)
        _run(_deploy(), aws)
        session = boto3.Session("test", "test", region_name=REGION)
        stack = described_stack(NAME, session, url)
        create_routes(stack)
        websocket, http = stack.resource("WebSocketApi"), stack.resource("HttpApi")
        origins = Origins(
            address=("127.0.0.1", port),
            http_path=f"/_aws/execute-api/{http}/$default",
            websocket_path=f"/_aws/execute-api/{websocket}",
        )
        with viewer_host(origins) as page:
            management = f"{url}{origins.websocket_path}/ws"
            # Where what has the addresses of AWS in the template is here.
            addresses = {
                "PageUrl": f"{page}/",
                "PublishUrl": f"{page}/publish",
                "ManagementApiUrl": management,
            }
            yield replace(stack, outputs={**stack.outputs, **addresses}), page, management


def _deploy() -> list[str]:
    return [
        ".venv-sam/bin/sam",
        "deploy",
        *("--template-file", str(_TEMPLATE)),
        *("--config-file", str(ROOT / "samconfig.toml")),
        *("--config-env", _CONFIG),
        *("--stack-name", NAME),
        *("--region", REGION),
        "--no-confirm-changeset",
        *("--parameter-overrides", f"Architecture={'x86_64' if _IS_X86 else 'arm64'}"),
    ]


def _run(command: list[str], variables: dict[str, str]) -> None:
    with Program(*command, variables=variables) as program:
        assert program.wait(_SECONDS) == 0, program.output


def _write(url: str, built: Path, written: Path) -> None:
    """Write the template beside the built one, whose paths are relative, and nested ones too."""
    template = yaml.load(built.read_text("utf-8"), TagLoader)  # noqa: S506 - our own file
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Application":
            nested = built.parent / resource["Properties"]["Location"]
            changed = nested.with_suffix(".json")
            _write(url, nested, changed)
            resource["Properties"]["Location"] = str(changed.relative_to(built.parent))
    written.write_text(json.dumps(emulated(template, url)), "utf-8")


def emulated(template: dict[str, Json], url: str) -> dict[str, Json]:
    """The template with these changes, each for a limit of MiniStack 1.5.33, which is at `url`.

    - It refuses alarms on metric math ("Properties.Metrics (metric math) is not supported"): they
      become alarms on a metric.
    - It refuses `AWS::Logs::QueryDefinition`: saved queries are left out.
    - `MaximumConcurrency` stays a string when it is a parameter, and its poller then fails on
      every poll ("'>=' not supported between instances of 'int' and 'str'"): it becomes the
      parameter's default.
    - It serves APIs below its own URL and not at `https://{api}.execute-api.…`: environment
      variables with that host get its URL.

    Besides, functions get higher limits for the messages of a user.
    """
    changed = {
        logical_id: _emulated_resource(resource, template["Parameters"])
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] != "AWS::Logs::QueryDefinition"
    }
    if "Globals" not in template:
        return {**template, "Resources": changed}
    function = template["Globals"]["Function"]
    variables = _with_url(function["Environment"]["Variables"], url) | _LIMITS
    function = {**function, "Environment": {"Variables": variables}}
    return {**template, "Globals": {"Function": function}, "Resources": changed}


def _emulated_resource(resource: Json, parameters: dict[str, Json]) -> dict[str, Json]:
    properties = dict(resource.get("Properties", {}))
    if resource["Type"] == "AWS::CloudWatch::Alarm" and properties.pop("Metrics", None):
        properties |= {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum"}
        properties |= {"Period": 300}
    if resource["Type"] == "AWS::Serverless::Function":
        properties = _with_numbers(properties, parameters)
    return {**resource, "Properties": properties}


def _with_numbers(properties: Json, parameters: dict[str, Json]) -> Json:
    if isinstance(properties, list):
        return [_with_numbers(item, parameters) for item in properties]
    if not isinstance(properties, dict):
        return properties
    return {
        key: int(parameters[value["Ref"]]["Default"])
        if key == "MaximumConcurrency"
        else _with_numbers(value, parameters)
        for key, value in properties.items()
    }


def _with_url(value: Json, url: str) -> Json:
    if isinstance(value, dict):
        return {key: _with_url(item, url) for key, item in value.items()}
    if isinstance(value, str) and _API_HOST in value:
        return value.replace("https://", f"{url}/_aws/execute-api/").replace(_API_HOST, "")
    return value


def create_routes(stack: Stack) -> None:
    """Create the HTTP API's routes, which MiniStack does not read from its `Body`."""
    gateway, api_id = stack.client("apigatewayv2"), stack.resource("HttpApi")
    for route_key, function, authorization in _routes():
        integration = gateway.create_integration(
            ApiId=api_id,
            IntegrationType="AWS_PROXY",
            IntegrationUri=stack.resource(function),
            PayloadFormatVersion="2.0",
        )
        gateway.create_route(
            ApiId=api_id,
            RouteKey=route_key,
            Target=f"integrations/{integration['IntegrationId']}",
            AuthorizationType=authorization,
        )


def _routes() -> Iterator[tuple[str, str, str]]:
    """Route key, logical id of the function or alias, authorization type."""
    for path, methods in resources("AWS::ApiGatewayV2::Api")["HttpApi"]["Body"]["paths"].items():
        for method, operation in methods.items():
            uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
            [function] = _FUNCTION.findall(uri)
            verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
            iam = {"AWS_IAM": []} in operation.get("security", [])
            yield (
                path if path == "$default" else f"{verb} {path}",
                function,
                "AWS_IAM" if iam else "NONE",
            )
