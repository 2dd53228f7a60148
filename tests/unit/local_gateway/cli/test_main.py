"""The command line: a wrong argument gets an error that names the right one."""

from pathlib import Path

import pytest

from local_gateway import __version__
from local_gateway.cli.main import main
from local_gateway.core.chaos import Fault


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("x", "argument --chaos: expected a whole number as the seed, not 'x'"),
        ("7:flood=1", f"argument --chaos: no fault is called 'flood'; there are: {Fault.DROP}, "),
        ("7:gone=5", "argument --chaos: gone: expected a rate from 0 (never) to 1 (always)"),
    ],
)
def test_a_usage_error_names_what_there_is(
    given: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--chaos", given])
    assert ended.value.code == 2
    assert problem in capsys.readouterr().err


def test_env_vars_are_for_functions_that_run_here(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--env-vars", "env.json", "--lambda-endpoint", "http://127.0.0.1:3001"])
    assert ended.value.code == 2
    assert "give it to sam local" in capsys.readouterr().err


def test_help_names_every_fault(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    told = "".join(capsys.readouterr().out.split())
    assert [fault for fault in Fault if fault not in told] == []


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"local-gateway {__version__}\n"


def test_folder_without_a_template_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([]) == 1
    assert capsys.readouterr().err == (
        "local gateway: this folder has no template.yaml, template.yml or template.json: "
        "name the template with --template FILE\n"
    )
