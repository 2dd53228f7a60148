"""Functions that are built with esbuild."""

from pathlib import Path
from typing import Any

import pytest

from local_gateway.core.model import LambdaFunction
from local_gateway.errors import GatewayError
from local_gateway.runtime.languages.node_bundles import NodeBundles, options
from tests.support.programs import require_node_program

DEFAULTS = [
    *("--bundle", "--platform=node", "--sourcemap", "--log-limit=1", "--color=false"),
    *("--format=cjs", "--target=es2020"),
]
SDK = ["--external:aws-sdk", "--external:@aws-sdk/*", "--external:@smithy/*"]


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (None, [*DEFAULTS, *SDK]),
        ({"EntryPoints": ["app.ts"]}, ["app.ts", *DEFAULTS, *SDK]),
        ({"EntryPoints": "src/app.ts"}, ["src/app.ts", *DEFAULTS, *SDK]),
        ({"Minify": True, "Sourcemap": False, "Outdir": "x"}, [*DEFAULTS, *SDK]),
        ({"External": ["sharp"]}, [*DEFAULTS, "--external:sharp"]),
        (
            {"Loader": [".html=text", ".json=json"], "MainFields": ["module", "main"]},
            [
                *DEFAULTS,
                *SDK,
                "--loader:.html=text",
                "--loader:.json=json",
                "--main-fields=module,main",
            ],
        ),
        (
            {"KeepNames": True, "TreeShaking": "false", "Banner": ["js=//hi"]},
            [*DEFAULTS, *SDK, "--keep-names", "--tree-shaking=false", "--banner:js=//hi"],
        ),
        (
            {"Format": "esm", "Target": "node20", "OutExtension": [".js=.mjs"]},
            [*DEFAULTS[:5], *SDK, "--format=esm", "--target=node20", "--out-extension:.js=.mjs"],
        ),
    ],
)
def test_metadata_becomes_options(properties: Any, expected: list[str]) -> None:
    assert list(options({"BuildProperties": properties})) == expected


class Project:
    """A function in TypeScript."""

    def __init__(self, root: Path, **properties: Any) -> None:
        self.root = root
        self.code = root / "src"
        self.code.mkdir()
        self.said: list[str] = []
        self.function = LambdaFunction(
            logical_id="Nested/Fun",
            name="fun",
            arn="arn",
            runtime="nodejs20.x",
            handler="app.handler",
            code=self.code,
            timeout=3,
            memory_size=128,
            build={
                "BuildMethod": "esbuild",
                "BuildProperties": {"EntryPoints": ["app.ts"], **properties},
            },
        )

    def complete(self) -> LambdaFunction:
        bundles = NodeBundles(self.root, self.root / "bundles", self.said.append)
        return bundles.complete({"Fun": self.function})["Fun"]


@pytest.fixture
def _esbuild(monkeypatch: pytest.MonkeyPatch) -> None:
    programs = Path(require_node_program("esbuild")).parent
    monkeypatch.setenv("PATH", str(programs), prepend=":")


@pytest.mark.starts_programs
@pytest.mark.usefixtures("_esbuild")
def test_a_bundle_takes_the_place_of_the_code(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (project.code / "app.ts").write_text("export const handler = async (a: number) => a;")
    (tmp_path / "node_modules").mkdir()
    function = project.complete()
    assert function.code == tmp_path / "bundles" / "Nested-Fun"
    assert function.has_source_maps
    assert function.node_modules == (tmp_path / "node_modules",)
    assert {file.name for file in function.code.iterdir()} == {
        "app.js",
        "app.js.map",
        "package.json",
    }
    assert '"commonjs"' in (function.code / "package.json").read_text()


@pytest.mark.starts_programs
@pytest.mark.usefixtures("_esbuild")
def test_a_bundle_can_be_an_es_module(tmp_path: Path) -> None:
    project = Project(tmp_path, Format="esm")
    (project.code / "app.ts").write_text("export const handler = 1;")
    function = project.complete()
    assert '"module"' in (function.code / "package.json").read_text()


@pytest.mark.starts_programs
@pytest.mark.usefixtures("_esbuild")
@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("\nlet a b", r'Nested/Fun: esbuild failed: Expected ";" but found "b" \(app\.ts:2\)'),
        ("import 'gone';", r'Nested/Fun: esbuild failed: Could not resolve "gone" \(app\.ts:1\)'),
        (None, r'Nested/Fun: esbuild failed: Could not resolve "app\.ts"'),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, code: str | None, problem: str) -> None:
    project = Project(tmp_path)
    if code is not None:
        (project.code / "app.ts").write_text(code)
    with pytest.raises(GatewayError, match=f"^{problem}$"):
        project.complete()


def test_without_esbuild_the_output_of_sam_build_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    project = Project(tmp_path)
    with pytest.raises(GatewayError, match="esbuild and the output of sam build are gone"):
        project.complete()
    built = tmp_path / ".aws-sam" / "build" / "Nested" / "Fun"
    built.mkdir(parents=True)
    assert project.complete().code == built
    assert project.said == ["Nested/Fun runs as `sam build` has built it: there is no esbuild"]


def test_other_functions_do_not_change(tmp_path: Path) -> None:
    project = Project(tmp_path)
    bundles = NodeBundles(tmp_path, tmp_path / "bundles", project.said.append)
    other = LambdaFunction(
        logical_id="Other",
        name="other",
        arn="arn",
        runtime="nodejs20.x",
        handler="app.handler",
        code=tmp_path,
        timeout=3,
        memory_size=128,
        build={"BuildMethod": "nodejs20.x"},
    )
    assert bundles.complete({"Other": other}) == {"Other": other}
