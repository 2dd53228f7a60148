"""The registry."""

from pathlib import Path

import pytest

from sapa.errors import BusinessProcessError, UnknownEndpointError
from sapa.messages.model_inputs import input_schema
from sapa.processes.endpoints import (
    DEFAULT_ENDPOINT,
    ENDPOINTS,
    business_process_of,
    load_business_process,
)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_endpoint_has_a_documented_process(endpoint: str) -> None:
    process = business_process_of(endpoint)
    assert process.documentation
    assert input_schema(process)["additionalProperties"] is False


def test_default_endpoint_exists() -> None:
    assert DEFAULT_ENDPOINT in ENDPOINTS


def test_unknown_endpoint_is_named() -> None:
    with pytest.raises(UnknownEndpointError, match="'nothing'"):
        business_process_of("nothing")


def test_registry_must_name_a_business_process() -> None:
    for wrong in ("sapa.processes.reply:missing", "sapa.processes.reply:_REPLIES"):
        with pytest.raises(BusinessProcessError, match="is not a @business_process"):
            load_business_process(wrong)


@pytest.mark.parametrize(
    ("code", "problem", "line"),
    [
        ("x = 1\ndef broken(:\n", "SyntaxError", 2),
        ("import nothing_of_this_name\n", "ModuleNotFoundError", 1),
        ("def broken():\n    return 1 / 0\n\n\nbroken()\n", "ZeroDivisionError", 2),
        ("import sys\n\nsys.exit(3)\n", "SystemExit", 3),
        (
            "from sapa.processes.business_process import business_process\n\n\n"
            "@business_process\ndef broken(message):\n    pass\n",
            "has no annotation",
            4,
        ),
        ("import json\n\njson.loads('{')\n", "JSONDecodeError", None),
    ],
)
def test_process_that_does_not_import_is_named_with_file_and_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    problem: str,
    line: int | None,
    request: pytest.FixtureRequest,
) -> None:
    module = f"broken_{abs(hash(request.node.name))}"
    (tmp_path / f"{module}.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(BusinessProcessError, match=problem) as raised:
        load_business_process(f"{module}:broken")
    assert "cannot be imported" in str(raised.value)
    if line is not None:
        assert f"{module}.py, line {line})" in str(raised.value)


def test_registry_that_names_no_module_is_said_to() -> None:
    with pytest.raises(BusinessProcessError, match=r"No module named .*endpoints\.py, line"):
        load_business_process("sapa.processes.nothing:nothing")
