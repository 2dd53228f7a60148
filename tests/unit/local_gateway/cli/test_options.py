"""The options that commands share, as settings."""

import argparse
from pathlib import Path

import pytest

from local_gateway.cli.options import (
    add_template_options,
    gateway_settings,
    problem_text,
    stored_value,
)
from local_gateway.errors import GatewayError
from local_gateway.settings import GatewaySettings
from local_gateway.template.document.errors import Place, TemplateError
from local_gateway.template.document.problems import TemplateErrors


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_template_options(parser)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


def test_options_become_the_settings_of_their_names() -> None:
    template = ("--template", "template.yaml")
    options = parsed(
        *template, "--region", "eu-central-1", "--parameter-overrides", "A=1", "B=x=y", "--json"
    )
    assert gateway_settings(options, {"HOME": "/h"}) == GatewaySettings(
        template=Path("template.yaml"),
        region="eu-central-1",
        parameter_overrides={"A": "1", "B": "x=y"},
        environment={"HOME": "/h"},
    )


@pytest.mark.parametrize(
    ("files", "template"),
    [
        (["template.json", "template.yml", "template.yaml"], "template.yaml"),
        (["template.json", "template.yml"], "template.yml"),
        (["template.json", "other.yaml"], "template.json"),
    ],
)
def test_default_template_is_the_one_that_is_there(
    files: list[str], template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in files:
        (tmp_path / name).touch()
    assert gateway_settings(parsed(), {}).template == Path(template)


def test_folder_without_a_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GatewayError, match=r"no template\.yaml, .* with --template"):
        gateway_settings(parsed(), {})


@pytest.mark.parametrize("override", ["A", "=1"])
def test_an_override_is_a_pair(override: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--parameter-overrides", override)
    assert f"expected KEY=VALUE, not '{override}'" in capsys.readouterr().err


def test_a_problem_of_a_resource_names_the_way_to_serve_the_rest() -> None:
    place = Place(file=Path("t.yaml"), line=3, resource="Db")
    error = TemplateError(place, "not served")
    assert problem_text(error) == (
        "local gateway: t.yaml:3: Db: not served\nTo serve the rest: --leave-out Db"
    )
    assert problem_text(TemplateErrors([error, TemplateError(place, "too large")])) == (
        "local gateway: the template has 2 problems:\n"
        "  t.yaml:3: Db: not served\n"
        "  t.yaml:3: Db: too large\n"
        "To serve the rest: --leave-out Db"
    )
    elsewhere = TemplateError(Place(file=Path("t.yaml")), "is not a template")
    assert problem_text(elsewhere) == "local gateway: t.yaml: is not a template"
    assert problem_text(GatewayError("port in use")) == "local gateway: port in use"


@pytest.mark.parametrize("text", ["ssm:/a", "ssm:=x", "s3:/a=x", "=x"])
def test_a_value_of_a_dynamic_reference_names_its_service(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="expected ssm:NAME=VALUE"):
        stored_value(text)


def test_a_value_of_a_dynamic_reference_may_hold_anything() -> None:
    assert stored_value('secretsmanager:db={"a": "b=c"}') == ("secretsmanager:db", '{"a": "b=c"}')
