"""Runtimes and handlers of Node.js functions, before anything is started."""

from dataclasses import replace
from pathlib import Path

import pytest

from local_gateway.interpreters import find_node
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.readers.handlers import runtime_warnings
from tests.support.programs import require_tool
from tests.unit.local_gateway.template.project import Project

pytestmark = pytest.mark.starts_programs

BASE = """\
Resources:
  Fun:
    Type: AWS::Lambda::Function
    Properties:
      Code: src
      Handler: {handler}
      Runtime: nodejs20.x
    {more}
"""
ESBUILD = "Metadata: {BuildMethod: esbuild, BuildProperties: {EntryPoints: [app.ts]}}"


def function(handler: str = "app.handler", more: str = "") -> str:
    return BASE.format(handler=handler, more=more)


@pytest.fixture(autouse=True)
def _node() -> None:
    require_tool("node")


@pytest.mark.parametrize(
    ("handler", "files"),
    [
        ("app.handler", ["app.js"]),
        ("app.handler", ["app.mjs"]),
        ("app.handler", ["app.cjs"]),
        ("app.handler", ["app/index.js"]),
        ("app.handler", ["node_modules/app/index.js"]),
        ("app.handler", ["../node_modules/app/index.js"]),
        ("app.a.b.handler", ["app.js"]),
        ("src/handlers/app.handler", ["src/handlers/app.js"]),
        ("./app.handler", ["app.js"]),
    ],
)
def test_the_file_of_a_handler(project: Project, handler: str, files: list[str]) -> None:
    for file in files:
        project.write(f"src/{file}", "")
    (project.root / "src").mkdir(exist_ok=True)
    found = project.build(function(handler)).functions["Fun"]
    assert (found.runtime, found.handler) == ("nodejs20.x", handler)


@pytest.mark.parametrize(
    ("handler", "files", "more", "message"),
    [
        (
            "app.handler",
            ["other.js"],
            "",
            "template.yaml:6: Fun: Handler: the handler app.handler needs app.js, .mjs or .cjs, "
            "and none is in src",
        ),
        (
            "handler",
            ["handler.js"],
            "",
            "template.yaml:6: Fun: Handler: the handler handler names no function; "
            "expected file.function",
        ),
        (
            "app.handler",
            ["app.ts"],
            ESBUILD,
            "template.yaml:4: Fun: the code is built with esbuild, which is not installed; "
            "the function is left out; run `npm install --save-dev esbuild`, or `sam build`",
        ),
    ],
)
def test_mistakes(
    project: Project, handler: str, files: list[str], more: str, message: str
) -> None:
    for file in files:
        project.write(f"src/{file}", "")
    with pytest.raises(TemplateError) as raised:
        project.build(function(handler, more))
    assert str(raised.value).replace(f"{project.root}/", "") == message


def test_what_sam_build_builds_is_checked_afterwards(project: Project) -> None:
    project.write("src/app.ts", "")
    (project.root / ".aws-sam" / "build" / "Fun").mkdir(parents=True)
    found = project.build(function(more=ESBUILD)).functions["Fun"]
    assert found.build["BuildMethod"] == "esbuild"


def test_inline_code_is_javascript_too(project: Project) -> None:
    template = function("index.handler").replace(
        "Code: src", "Code: {ZipFile: 'exports.handler = 1;'}"
    )
    code = project.build(template).functions["Fun"].code
    assert (code / "index.js").read_text() == "exports.handler = 1;"


def test_without_node_the_remedy_is_to_install_it(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project.write("src/app.js", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TemplateError) as raised:
        project.build(function())
    assert str(raised.value).endswith(
        "7: Fun: Runtime: nodejs20.x needs Node.js, and there is no `node` in PATH; "
        "the function is left out; install it to run it"
    )


def test_an_old_node_does_not_do(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project.write("src/app.js", "")
    program = tmp_path / "bin" / "node"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho v14.21.3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    with pytest.raises(TemplateError) as raised:
        project.build(function())
    assert (
        "Runtime: nodejs20.x needs Node.js, version 18 or later, and the `node` of PATH is "
        "Node.js 14.21; the function is left out"
    ) in str(raised.value)


def test_one_line_says_which_node_runs_other_runtimes(project: Project) -> None:
    project.write("src/app.js", "")
    found, node = project.build(function()).functions["Fun"], find_node()
    assert node is not None
    functions = {
        name: replace(found, logical_id=name, runtime=name)
        for name in ("nodejs8.10", "nodejs12.x", "python3.8", f"nodejs{node.version[0]}.x")
    }
    python, warning = runtime_warnings(functions)
    assert python.startswith("python3.8: python3.8 runs on python3.")
    names = sorted(name for name in functions if name.startswith("nodejs"))
    assert warning == f"Functions for {', '.join(names)} run on {node}"
    same = {"Fun": replace(found, runtime=f"nodejs{node.version[0]}.x")}
    assert list(runtime_warnings(same)) == []
