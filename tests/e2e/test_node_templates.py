"""Templates with Node.js functions, brought as people write them: started, and talked to."""

import json
import os
import shutil
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection

from tests.support.programs import (
    LOCAL_GATEWAY,
    NODE_MODULES,
    ROOT,
    GatewayProgram,
    Program,
    environment,
    require_node_file,
    require_node_program,
)
from tests.support.wscat import Wscat

pytestmark = [pytest.mark.local_only, pytest.mark.starts_programs]

SECONDS = 20.0
SDK = (
    "@aws-sdk/client-apigatewaymanagementapi",
    "@aws-sdk/client-dynamodb",
    "@aws-sdk/lib-dynamodb",
)


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """A user's cache that has the SDKs already, so that no registry is asked."""
    cache = tmp_path / "cache" / "sapa-local-gateway" / "aws-sdk-of-the-tests"
    cache.mkdir(parents=True)
    packages = dict.fromkeys([*SDK, "aws-sdk"], "*")
    for package in packages:
        require_node_file(package)
    (cache / "package.json").write_text(json.dumps({"dependencies": packages}))
    (cache / "node_modules").symlink_to(NODE_MODULES)
    return {"XDG_CACHE_HOME": str(tmp_path / "cache")}


def copy_of(name: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "tests" / "templates" / name, tmp_path / name))


def received(*sockets: ClientConnection) -> list[str | bytes]:
    return [socket.recv(SECONDS) for socket in sockets]


def test_a_chat_with_version_2_of_the_sdk_in_two_wscat_windows(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    template = copy_of("node_chat", tmp_path) / "template.yaml"
    with GatewayProgram(template, "--verify-signatures", variables=variables) as gateway:
        (url,) = gateway.urls()
        with Wscat("-c", url) as ana, Wscat("-c", url) as ben:
            ana.wait_for("Connected")
            ben.wait_for("Connected")
            for text in ("first words", "second words"):
                ana.type(json.dumps({"message": "sendmessage", "data": text}))
                ana.wait_for(f"< {text}")
                ben.wait_for(f"< {text}")
        assert "Functions for nodejs12.x, nodejs14.x run on Node.js " in gateway.output
        assert "Installing" not in gateway.output


def test_rooms_with_version_3_behind_an_authorizer(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    template = copy_of("node_rooms", tmp_path) / "template.yaml"
    with GatewayProgram(template, "--verify-signatures", variables=variables) as gateway:
        with (
            gateway.connect("dev", "?token=ana-of-kitchen") as ana,
            gateway.connect("dev", "?token=ben-of-kitchen") as ben,
            gateway.connect("dev", "?token=eva-of-garden") as eva,
        ):
            ana.send(json.dumps({"action": "say", "text": "hello"}))
            assert received(ana, ben) == ["ana: hello"] * 2
            eva.send(json.dumps({"action": "say", "text": "alone"}))
            assert received(eva) == ["eva: alone"]
        for token, status in (("mallory-of-kitchen", 403), ("nobody", 401), ("", 401)):
            with pytest.raises(InvalidStatus) as refused:
                gateway.connect("dev", f"?token={token}")
            assert refused.value.response.status_code == status
        gateway.wait_for(r"SayFunction \| INFO sent to 2$")


def test_changed_code_answers_on_the_same_socket(tmp_path: Path, variables: dict[str, str]) -> None:
    project = copy_of("node_rooms", tmp_path)
    file = project / "src" / "rooms.mjs"
    with (
        GatewayProgram(project / "template.yaml", variables=variables) as gateway,
        gateway.connect("dev", "?token=ana-of-kitchen") as ana,
    ):
        code = file.read_text()
        file.write_text(code.replace("${authorizer.user}:", "${authorizer.user} said:"))
        gateway.wait_for("Reloaded: .*SayFunction")
        ana.send(json.dumps({"action": "say", "text": "hello"}))
        assert received(ana) == ["ana said: hello"]
        file.write_text(code.replace("=> {", "=> {{", 1))
        gateway.wait_for(
            r"not reloaded, the previous version is still served: \w+: handler rooms\.\w+ "
            r"does not import: SyntaxError: .* \(rooms\.mjs:\d+\)$"
        )
        ana.send(json.dumps({"action": "say", "text": "still here"}))
        assert received(ana) == ["ana said: still here"]
        layer = project / "layer" / "nodejs" / "storage.mjs"
        file.write_text(code)
        gateway.wait_for("Reloaded: .*SayFunction", SECONDS)
        layer.write_text(layer.read_text().replace("=> id)", "=> id).concat([])"))
        gateway.wait_for("Reloaded: JoinFunction, LeaveFunction, SayFunction")


def test_typescript_is_bundled_at_the_start_and_after_changes(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    project = copy_of("node_typescript", tmp_path)
    programs = Path(require_node_program("esbuild")).parent
    variables = {**variables, "PATH": f"{programs}{os.pathsep}{environment()['PATH']}"}
    file = project / "src" / "answers.ts"
    with (
        GatewayProgram(project / "template.yaml", variables=variables) as gateway,
        gateway.connect("prod") as socket,
    ):
        socket.send(json.dumps({"text": "hello"}))
        assert received(socket) == ["5 letters"]
        socket.send(json.dumps({}))
        gateway.wait_for(r"at answer \(.*/src/answers\.ts:6:\d+\)")
        code = file.read_text()
        file.write_text(code.replace("letters", "characters"))
        gateway.wait_for("Reloaded: CounterFunction")
        assert "Internal server error" in str(received(socket)[0])
        socket.send(json.dumps({"text": "hello"}))
        assert received(socket) == ["5 characters"]
        file.write_text(code.replace("text.length}", "text.length"))
        gateway.wait_for(
            r"still served: CounterFunction: esbuild failed: Expected .* \(answers\.ts:7\)$"
        )


FUNCTION = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: prod
      RouteSelectionExpression: $request.body.action
      Routes:
        $connect: {{FunctionArn: !GetAtt Good.Arn}}
  Good:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: good/, Handler: app.handler, Runtime: python3.13}}
  Bad:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: bad/, Handler: {handler}, Runtime: {runtime}}}
    {more}
"""


def project_of(
    tmp_path: Path,
    files: dict[str, str],
    handler: str = "app.handler",
    runtime: str = "nodejs20.x",
    more: str = "",
) -> Path:
    for name, text in {"../good/app.py": "def handler(event, context): ...", **files}.items():
        path = tmp_path / "bad" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    template = tmp_path / "template.yaml"
    template.write_text(FUNCTION.format(handler=handler, runtime=runtime, more=more))
    return template


ESBUILD = "Metadata: {BuildMethod: esbuild, BuildProperties: {EntryPoints: [app.ts]}}"


@pytest.mark.parametrize(
    ("files", "options", "problem"),
    [
        (
            {"other.js": ""},
            {},
            r"Bad: Handler: the handler app\.handler needs app\.js, \.mjs or \.cjs, and none is in",
        ),
        (
            {"app.ts": "export const handler = 1"},
            {},
            r"app\.handler is TypeScript, which nodejs20\.x does not run; "
            "give the function Metadata with BuildMethod: esbuild",
        ),
    ],
)
def test_what_the_template_shows_is_one_line_with_a_remedy(
    tmp_path: Path, files: dict[str, str], options: dict[str, str], problem: str
) -> None:
    template = project_of(tmp_path, files, **options)
    with Program(*LOCAL_GATEWAY, "--template", template, "--port", "0") as program:
        program.wait_for(problem)
        assert program.wait() == 1


@pytest.mark.parametrize(
    ("files", "options", "problem"),
    [
        (
            {"app.js": "exports.handler = ("},
            {},
            r"handler app\.handler does not import: SyntaxError: .* \(app\.js:1\)",
        ),
        (
            {"app.js": "exports.other = 1"},
            {},
            r"handler app\.handler does not exist: app\.handler is undefined or not exported",
        ),
        (
            {"app.js": "require('left-out')"},
            {},
            r"Cannot find module 'left-out' \(app\.js:1\); run `npm install left-out` in ",
        ),
        (
            {"app.js": "require('aws-sdk')"},
            {},
            r"nodejs20\.x has no aws-sdk on AWS either: add it to package\.json, or use version 3",
        ),
        (
            {"app.js": "require('@aws-sdk/client-s3')"},
            {"runtime": "nodejs16.x"},
            r"nodejs16\.x has only version 2 of the SDK \(aws-sdk\) on AWS",
        ),
        (
            {"app.js": "exports.handler = awslambda.streamifyResponse(async () => {})"},
            {},
            r"does not run here: app\.handler streams its response",
        ),
    ],
)
def test_what_is_wrong_in_the_code_is_one_line_with_a_remedy(
    tmp_path: Path, files: dict[str, str], options: dict[str, str], problem: str
) -> None:
    template = project_of(tmp_path, files, **options)
    with GatewayProgram(template) as gateway:
        gateway.wait_for(rf"^warning: Bad: .*{problem}.*; its calls fail until that is corrected$")
        gateway.urls()


def test_without_node_the_rest_can_be_served(tmp_path: Path) -> None:
    template = project_of(tmp_path, {"app.js": "exports.handler = async () => {}"})
    nothing = {"PATH": str(tmp_path)}
    command = (*LOCAL_GATEWAY, "--template", template, "--port", "0")
    with Program(*command, variables=nothing) as program:
        program.wait_for(
            "Bad: Runtime: nodejs20.x needs Node.js, and there is no `node` in PATH; "
            "the function is left out; install it to run it"
        )
        program.wait_for("^Ready: ")


def test_without_esbuild_the_rest_is_served(tmp_path: Path) -> None:
    template = project_of(tmp_path, {"app.ts": "export const handler = 1"}, more=ESBUILD)
    with GatewayProgram(template) as gateway:
        gateway.wait_for(
            r"Bad: the code is built with esbuild, which is not installed; "
            r"the function is left out; run `npm install --save-dev esbuild`, or `sam build`"
        )
        gateway.urls()


def test_code_that_sam_has_built_runs_where_there_is_no_esbuild(tmp_path: Path) -> None:
    template = project_of(tmp_path, {"app.ts": "not even TypeScript"}, more=ESBUILD)
    built = tmp_path / ".aws-sam" / "build" / "Bad"
    built.mkdir(parents=True)
    (built / "app.js").write_text("console.log('from the build'); exports.handler = () => {};")
    with GatewayProgram(template) as gateway:
        gateway.wait_for("Bad runs as `sam build` has built it: there is no esbuild")
        gateway.wait_for(r"Bad \| INFO from the build")
        gateway.urls()
