"""Which programs of this machine run functions."""

from pathlib import Path

import pytest

from local_gateway.interpreters import (
    built_by_sam,
    find_esbuild,
    find_node,
    language_of,
    runs_typescript,
)


@pytest.mark.parametrize(
    ("runtime", "language"),
    [
        ("python3.8", "python"),
        ("python3.13", "python"),
        ("nodejs", "node"),
        ("nodejs4.3", "node"),
        ("nodejs12.x", "node"),
        ("nodejs24.x", "node"),
        ("python2.7", None),
        ("ruby3.3", None),
        ("java21", None),
        ("provided.al2023", None),
        ("nodejs20", None),
        ("", None),
    ],
)
def test_the_language_of_a_runtime(runtime: str, language: str | None) -> None:
    assert language_of(runtime) == language


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.mark.starts_programs
def test_a_version_manager_s_script_leads_to_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "#!/bin/sh\n[ $1 = --version ] && echo v22.3.1 || echo /versions/22/node\n"
    program(tmp_path / "node", script)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    node = find_node()
    assert node is not None
    assert (node.path, node.version, str(node)) == (
        Path("/versions/22/node"),
        (22, 3, 1),
        "Node.js 22.3",
    )


@pytest.mark.starts_programs
@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 1\n", "#!/no/such/shell\n"])
def test_a_program_that_does_not_run_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    program(tmp_path / "node", text)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_node() is None


def test_there_may_be_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_node() is None
    assert find_esbuild(tmp_path) is None


def test_esbuild_is_the_project_s_or_the_one_in_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = tmp_path / "project" / "src" / "deep"
    code.mkdir(parents=True)
    in_path = program(tmp_path / "bin" / "esbuild", "")
    monkeypatch.setenv("PATH", str(in_path.parent))
    assert find_esbuild(code) == in_path
    own = program(tmp_path / "project" / "node_modules" / ".bin" / "esbuild", "")
    assert find_esbuild(code) == own


def test_the_output_of_sam_build(tmp_path: Path) -> None:
    assert built_by_sam(tmp_path, "Fun") is None
    built = tmp_path / ".aws-sam" / "build" / "Fun"
    built.mkdir(parents=True)
    assert built_by_sam(tmp_path, "Fun") == built


@pytest.mark.starts_programs
@pytest.mark.parametrize(
    ("version", "runtime", "runs"),
    [
        ("v24.1.0", "nodejs24.x", True),
        ("v22.18.0", "nodejs24.x", True),
        ("v22.17.9", "nodejs24.x", False),
        ("v24.1.0", "nodejs22.x", False),
        ("v24.1.0", "nodejs", False),
    ],
)
def test_typescript_runs_where_it_does_on_aws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, runtime: str, runs: bool
) -> None:
    program(tmp_path / "node", f"#!/bin/sh\necho {version}\n")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert runs_typescript(runtime) == runs
