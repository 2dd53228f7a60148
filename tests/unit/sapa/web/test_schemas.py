"""The documents of endpoints of every kind."""

from collections.abc import Iterator
from enum import StrEnum
from typing import TypedDict

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from sapa.errors import BusinessProcessError
from sapa.processes.business_process import Process, Stream, business_process
from sapa.web.asyncapi import asyncapi_document
from sapa.web.frame_schemas import ANSWERS, payloads
from sapa.web.openapi import openapi_document
from sapa.web.schemas import Catalog, catalog_of, usable_processes
from tests.unit.sapa.web.test_accounts import REQUEST


class Size(StrEnum):
    """A choice."""

    SMALL = "small"


class Other:
    """Where a type of the same name lives."""

    class Size(StrEnum):
        """Another choice."""

        LARGE = "large"


@business_process
def silent(size: Size) -> None:
    """Says nothing."""


@business_process
def mixed(size: Other.Size) -> Iterator[str | dict[str, int]]:
    """Says one thing or another."""
    yield from ("a", {"n": 1})


class Step(TypedDict):
    """How far it is."""

    step: int


@business_process
def counting(to: int) -> Stream[str | Step]:
    """Says how far it is."""
    yield Step(step=to)
    yield "done"


def untold(text: str):  # type: ignore[no-untyped-def]
    """Does not say what it says."""
    return text


@pytest.fixture
def catalog() -> Catalog:
    """Endpoints with no, several and unknown outputs."""
    return catalog_of({"reply": silent, "mixed": mixed, "untold": business_process(untold)})


def test_outputs(catalog: Catalog) -> None:
    outputs = {each.name: each.output for each in catalog.endpoints}
    assert outputs["reply"] is None
    assert outputs["untold"] == {"type": "object"}
    assert outputs["mixed"] is not None
    assert len(outputs["mixed"]["anyOf"]) == 2


def test_types_of_one_name_are_told_apart(catalog: Catalog) -> None:
    references = {each.input["properties"]["size"]["$ref"] for each in catalog.endpoints[:2]}
    assert len(references) == 2
    names = {reference.removeprefix("#/components/schemas/") for reference in references}
    assert {tuple(catalog.definitions[name]["enum"]) for name in names} == {("small",), ("large",)}


def test_silent_endpoint_has_no_output_message(catalog: Catalog) -> None:
    document = asyncapi_document(REQUEST, "/ws", catalog)
    assert "output" not in document["channels"]["reply"]["messages"]
    assert "output" in document["channels"]["mixed"]["messages"]
    replies = document["operations"]["reply.talk"]["reply"]["messages"]
    assert [each["$ref"].rsplit("/", 1)[-1] for each in replies] == list(ANSWERS)


def test_streaming_endpoint_says_so_and_what_its_parts_are() -> None:
    document = asyncapi_document(REQUEST, "/ws", catalog_of({"reply": silent, "count": counting}))
    messages = document["channels"]["count"]["messages"]
    assert set(messages) == {"input", "accepted", *payloads()}
    assert {"$id", "$once"} <= set(messages["input"]["payload"]["properties"])
    [_, content] = messages["part"]["payload"]["allOf"]
    assert content["anyOf"][0]["required"] == ["message"]
    [reference] = [each["$ref"] for each in content["anyOf"][1:]]
    definition = document["components"]["schemas"][reference.rsplit("/", 1)[-1]]
    assert definition["required"] == ["step"]
    assert "accepted" not in document["channels"]["reply"]["messages"]
    replies = document["operations"]["count.talk"]["reply"]["messages"]
    assert replies[0]["$ref"] == "#/channels/count/messages/accepted"


def test_openapi_of_such_endpoints_is_valid(catalog: Catalog) -> None:
    document = openapi_document(REQUEST, "/ws", catalog)
    OpenAPIV31SpecValidator(document).validate()
    messages = document["paths"]["/ws"]["get"]["x-websocket-messages"]
    assert set(messages["reply"]) == {"input", *payloads()}
    assert set(messages["mixed"]) == {"input", "output", *payloads()}


@business_process
def unusable(value: object, other: "Missing") -> str:  # type: ignore[name-defined]  # noqa: F821
    """Cannot be described."""
    return f"{value}{other}"


def test_endpoint_that_does_not_work_is_left_out_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def process_of(name: str) -> Process:
        if name == "broken":
            raise BusinessProcessError(name, "cannot be imported: SyntaxError (broken.py, line 7)")
        return mixed if name == "mixed" else unusable

    usable = dict(usable_processes(["broken", "unusable", "mixed"], process_of))
    assert usable == {"mixed": mixed}
    left_out = {
        vars(record)["endpoint"]: str(record.exc_info[1])
        for record in caplog.records
        if record.message == "endpoint left out" and record.exc_info
    }
    assert set(left_out) == {"broken", "unusable"}
    assert "broken.py, line 7" in left_out["broken"]
    document = openapi_document(REQUEST, "/ws", catalog_of(usable))
    OpenAPIV31SpecValidator(document).validate()
    schema = document["paths"]["/ws"]["get"]["parameters"][0]["schema"]
    assert schema == {"type": "string", "enum": ["mixed"]}
