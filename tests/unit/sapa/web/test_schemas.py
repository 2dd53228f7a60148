"""The documents of endpoints of every kind."""

from collections.abc import Iterator
from enum import StrEnum

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from sapa.processes.business_process import business_process
from sapa.web.asyncapi import asyncapi_document
from sapa.web.frame_schemas import ANSWERS, payloads
from sapa.web.openapi import openapi_document
from sapa.web.schemas import Catalog, catalog_of
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


def test_openapi_of_such_endpoints_is_valid(catalog: Catalog) -> None:
    document = openapi_document(REQUEST, "/ws", catalog)
    OpenAPIV31SpecValidator(document).validate()
    messages = document["paths"]["/ws"]["get"]["x-websocket-messages"]
    assert set(messages["reply"]) == {"input", *payloads()}
    assert set(messages["mixed"]) == {"input", "output", *payloads()}
