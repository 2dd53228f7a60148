"""One moto server for all tests of this folder; each test gets its own stack name."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.template.document.stack import Stack
from local_gateway.template.loading.load import load_template
from local_gateway.template.loading.template import Template

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def moto() -> Iterator[MotoServer]:
    """A running server."""
    with MotoServer.start() as server:
        yield server


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], Template]:
    """Loads a template given as text."""

    def load_text(text: str) -> Template:
        path = tmp_path / "template.yaml"
        path.write_text(dedent(text), encoding="utf-8")
        return load_template(path, stack=Stack(name=f"test{next(_NUMBERS)}"))

    return load_text
