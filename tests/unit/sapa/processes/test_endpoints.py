"""The registry."""

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
