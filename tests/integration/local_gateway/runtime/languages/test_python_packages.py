"""What a function's requirements.txt names is installed for it alone, or said."""

import sys
import sysconfig
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from local_gateway.core.model import LambdaFunction
from local_gateway.runtime.languages.python_packages import (
    FunctionPackages,
    foreign_extensions,
    unmet_requirements,
)

NAME = "sapa_test_package"


class Recorder:
    """A function in a directory, and what is said about it."""

    def __init__(self, root: Path) -> None:
        self.code = root / "code"
        self.code.mkdir()
        self.warnings: list[str] = []
        self.said: list[str] = []
        self.packages = FunctionPackages(
            root / ".local_gateway" / "packages", self.warnings.append, self.said.append
        )

    def complete(self) -> LambdaFunction:
        return self.packages.complete(
            LambdaFunction(
                logical_id="Fun",
                name="fun",
                arn="arn:fun",
                runtime="python3.13",
                handler="app.handler",
                code=self.code,
                timeout=3.0,
                memory_size=128,
            )
        )


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path)


def wheel(directory: Path) -> Path:
    """A wheel with one module, so that no index is asked."""
    path = directory / f"{NAME}-1.0-py3-none-any.whl"
    info = f"{NAME}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{NAME}.py", "VALUE = 7\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


def test_missing_packages_are_installed_once_for_the_function(recorder: Recorder) -> None:
    wheel(recorder.code)
    requirements = recorder.code / "requirements.txt"
    requirements.write_text(f"--no-index\n--find-links .\n{NAME}==1.0\n")
    [layer] = recorder.complete().layers
    assert (layer.source_roots[0] / f"{NAME}.py").read_text() == "VALUE = 7\n"
    assert [text.split()[0] for text in recorder.said] == ["Installing", "Installed"]
    assert recorder.complete().layers == (layer,)
    assert len(recorder.said) == 2
    assert recorder.warnings == []


def test_what_cannot_be_installed_is_a_warning(recorder: Recorder) -> None:
    (recorder.code / "requirements.txt").write_text("--no-index\nsapa-nothing-of-that-name==1\n")
    assert recorder.complete().layers == ()
    [warning] = recorder.warnings
    assert warning.startswith("Fun: sapa-nothing-of-that-name cannot be installed: ")


def test_another_version_is_a_warning(recorder: Recorder) -> None:
    requirements = recorder.code / "requirements.txt"
    requirements.write_text(f"boto3==1.26.0\nbotocore=={version('botocore')}\nmoto>=1\n")
    assert recorder.complete().layers == ()
    assert recorder.warnings == [
        f"Fun: {requirements} names boto3==1.26.0; here the gateway's own version "
        f"{version('boto3')} is used"
    ]


@pytest.mark.parametrize(
    "text",
    ["", "# a comment\n", "-r other.txt\n", "nothing; python_version < '3'\n", "BoTo3\nPyYAML\n"],
)
def test_what_is_there_needs_nothing(recorder: Recorder, text: str) -> None:
    requirements = recorder.code / "requirements.txt"
    requirements.write_text(text)
    assert unmet_requirements(requirements, [recorder.code]) == ([], [])


def test_what_lies_beside_the_code_is_there(recorder: Recorder) -> None:
    info = recorder.code / f"{NAME}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n")
    requirements = recorder.code / "requirements.txt"
    requirements.write_text("sapa-test.package==1.0\n")
    assert unmet_requirements(requirements, [recorder.code]) == ([], [])


def test_code_that_was_built_for_another_python_is_a_warning(recorder: Recorder) -> None:
    package = recorder.code / "fast"
    package.mkdir()
    (package / f"own{sysconfig.get_config_var('EXT_SUFFIX')}").write_bytes(b"")
    (package / "any.abi3.so").write_bytes(b"")
    assert list(foreign_extensions(recorder.code)) == []
    (package / "_x.cpython-38-x86_64-linux-gnu.so").write_bytes(b"")
    recorder.complete()
    [warning] = recorder.warnings
    assert "_x.cpython-38-x86_64-linux-gnu.so was built for another Python" in warning
    assert f"{sys.version_info.major}.{sys.version_info.minor}" in warning
