"""The options that commands share, as settings."""

import argparse
from pathlib import Path

import pytest

from local_gateway.cli.options import add_template_options, gateway_settings
from local_gateway.settings import GatewaySettings


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_template_options(parser)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


def test_options_become_the_settings_of_their_names() -> None:
    options = parsed("--region", "eu-central-1", "--parameter-overrides", "A=1", "B=x=y", "--json")
    assert gateway_settings(options, {"HOME": "/h"}) == GatewaySettings(
        template=Path("template.yaml"),
        region="eu-central-1",
        parameter_overrides={"A": "1", "B": "x=y"},
        environment={"HOME": "/h"},
    )


@pytest.mark.parametrize("override", ["A", "=1"])
def test_an_override_is_a_pair(override: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--parameter-overrides", override)
    assert f"expected KEY=VALUE, not '{override}'" in capsys.readouterr().err
