"""What a function's package.json names, and what the runtime brings, is installed once."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local_gateway.core.model import LambdaFunction, Layer
from local_gateway.runtime.languages.node import package_directories
from local_gateway.runtime.languages.node_packages import (
    NodePackages,
    imported_sdk_packages,
    missing_dependencies,
    nearest_package,
    user_cache,
)
from tests.support.programs import require_tool

pytestmark = pytest.mark.starts_programs


class Project:
    """A function in a project, and what is said about it."""

    def __init__(self, root: Path, runtime: str = "nodejs20.x") -> None:
        self.root = root / "project"
        self.shared = root / "shared"
        self.warnings: list[str] = []
        self.said: list[str] = []
        self.packages = NodePackages(
            self.root / ".local_gateway" / "packages",
            self.shared,
            self.warnings.append,
            self.said.append,
        )
        self.function = LambdaFunction(
            logical_id="Fun",
            name="fun",
            arn="arn",
            runtime=runtime,
            handler="app.handler",
            code=self.root / "code",
            timeout=3.0,
            memory_size=128,
        )
        self.function.code.mkdir(parents=True)

    def write(self, name: str, content: str | dict[str, Any]) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def complete(self) -> LambdaFunction:
        return self.packages.complete({"Fun": self.function})["Fun"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def local_package(project: Project, name: str = "local-package") -> dict[str, Any]:
    """A package.json that needs a package of this machine, so that no registry is asked."""
    project.write(f"{name}/package.json", {"name": name, "version": "1.0.0"})
    project.write(f"{name}/index.js", "module.exports = 7;")
    return {"dependencies": {name: f"file:../{name}"}, "scripts": {"prepare": "exit 1"}}


def test_a_dependency_is_installed_once(project: Project) -> None:
    require_tool("npm")
    package = project.write("code/package.json", local_package(project))
    first = project.complete()
    (directory,) = first.node_modules
    assert (directory / "local-package" / "index.js").read_text() == "module.exports = 7;"
    assert directory.is_relative_to(project.root / ".local_gateway" / "packages")
    assert project.said[0] == f"Installing local-package for Fun, from {package}"
    assert project.complete() == first
    assert len(project.said) == 2
    assert project.warnings == []


def test_the_package_json_of_the_project_counts_too(project: Project) -> None:
    require_tool("npm")
    project.write("package.json", {"dependencies": {"local-package": "file:local-package"}})
    local_package(project)
    assert len(project.complete().node_modules) == 1


def test_a_layer_s_dependencies_are_installed_too(project: Project) -> None:
    require_tool("npm")
    content = local_package(project)
    project.write("layer/nodejs/package.json", content)
    project.write("layer/local-package/package.json", {"name": "local-package", "version": "1.0.0"})
    layer = Layer(logical_id="L", path=project.root / "layer", source_roots=())
    project.function = replace(project.function, layers=(layer,))
    assert len(project.complete().node_modules) == 1


def test_what_cannot_be_installed_is_a_warning(project: Project) -> None:
    require_tool("npm")
    project.write("code/package.json", {"dependencies": {"gone": "file:../no/such/folder.tgz"}})
    assert project.complete().node_modules == ()
    (warning,) = project.warnings
    assert warning.startswith("cannot install gone for Fun, from ")
    assert "ENOENT" in warning


def test_without_npm_that_is_a_warning(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    project.write("code/package.json", {"dependencies": {"gone": "1"}})
    project.complete()
    (warning,) = project.warnings
    assert warning.endswith(": there is no `npm` in PATH")


@pytest.mark.parametrize(
    "place",
    [
        "code/node_modules",
        "node_modules",
        "layer/nodejs/node_modules",
        "layer/nodejs/node20/node_modules",
    ],
)
def test_what_is_there_is_not_installed(project: Project, place: str) -> None:
    project.write(
        "code/package.json", {"dependencies": {"there": "1"}, "devDependencies": {"x": "1"}}
    )
    project.write(f"{place}/there/index.js", "")
    layer = Layer(logical_id="L", path=project.root / "layer", source_roots=())
    project.function = replace(project.function, layers=(layer,))
    assert project.complete() == project.function
    assert (project.said, project.warnings) == ([], [])


@pytest.mark.parametrize("content", ["no json", "[]", "{}", '{"dependencies": null}'])
def test_a_package_json_without_dependencies_needs_nothing(project: Project, content: str) -> None:
    package = project.write("code/package.json", content)
    assert missing_dependencies(project.function, package) == []


def test_only_the_project_s_package_json_counts(project: Project, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{}")
    assert nearest_package(project.function.code, project.root) is None
    own = project.write("package.json", "{}")
    assert nearest_package(project.function.code, project.root) == own


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ('const { S3 } = require("@aws-sdk/client-s3");', ["@aws-sdk/client-s3"]),
        ("import { S3 } from '@aws-sdk/client-s3';", ["@aws-sdk/client-s3"]),
        ("import {\n  S3,\n} from '@aws-sdk/client-s3';", ["@aws-sdk/client-s3"]),
        ("import '@smithy/types';", ["@smithy/types"]),
        ("await import('@aws-sdk/client-s3')", ["@aws-sdk/client-s3"]),
        ("const S3 = require('aws-sdk/clients/s3');", ["aws-sdk"]),
        ("import AWS from 'aws-sdk'", ["aws-sdk"]),
        ("var AWS=require('aws-sdk'),x=1", ["aws-sdk"]),
        ("require('aws-sdk-mock')", []),
        ("require('./aws-sdk')", []),
        ("// aws-sdk is not needed", []),
    ],
)
def test_imports_of_the_sdk_are_seen(tmp_path: Path, line: str, names: list[str]) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.mjs").write_text(f"// first\n{line}\n")
    hidden = tmp_path / "node_modules" / "x" / "index.js"
    hidden.parent.mkdir(parents=True)
    hidden.write_text("require('@aws-sdk/client-sqs')")
    assert list(imported_sdk_packages(tmp_path)) == names


def cached(project: Project, *names: str) -> Path:
    directory = project.shared / "aws-sdk-earlier"
    directory.mkdir(parents=True)
    (directory / "package.json").write_text(json.dumps({"dependencies": dict.fromkeys(names, "*")}))
    return directory / "node_modules"


def test_the_sdk_of_another_template_is_used_again(project: Project) -> None:
    project.write("code/app.mjs", "import {} from '@aws-sdk/client-s3'")
    earlier = cached(project, "@aws-sdk/client-s3", "@aws-sdk/client-sqs")
    function = project.complete()
    assert function.node_modules == (earlier,)
    assert list(package_directories(function)) == [earlier]
    assert project.said == []


@pytest.mark.parametrize(
    ("runtime", "line", "is_brought"),
    [
        ("nodejs16.x", "require('aws-sdk')", True),
        ("nodejs8.10", "require('aws-sdk')", True),
        ("nodejs18.x", "require('aws-sdk')", False),
        ("nodejs18.x", "require('@aws-sdk/client-s3')", True),
        ("nodejs16.x", "require('@aws-sdk/client-s3')", False),
    ],
)
def test_each_runtime_brings_its_own_version(
    tmp_path: Path, runtime: str, line: str, is_brought: bool
) -> None:
    project = Project(tmp_path, runtime)
    project.write("code/app.js", line)
    earlier = cached(project, "aws-sdk", "@aws-sdk/client-s3")
    assert project.complete().node_modules == ((earlier,) if is_brought else ())


def test_a_function_that_brings_the_sdk_keeps_its_own(project: Project) -> None:
    project.write("code/app.js", "require('@aws-sdk/client-s3')")
    project.write("code/node_modules/@aws-sdk/client-s3/index.js", "")
    assert project.complete() == project.function


def test_the_cache_is_the_user_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert user_cache() == Path("/caches/sapa-local-gateway")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/ana")
    assert user_cache().is_relative_to("/home/ana")
