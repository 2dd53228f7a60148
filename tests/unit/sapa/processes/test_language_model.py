"""How a language model fails."""

import pytest

from sapa.errors import LanguageModelError, RefusalError
from sapa.processes.language_model import ModelFailure
from sapa.services import Services
from sapa.settings import Settings


@pytest.mark.parametrize("failure", ModelFailure)
def test_every_failure_is_a_code_and_a_sentence_for_the_client(failure: ModelFailure) -> None:
    error = failure.error("ThrottlingException")
    assert isinstance(error, RefusalError)
    assert error.as_json() == {"error": {"code": failure.value, "message": error.message}}
    assert failure.value.startswith("model_")
    assert error.message.endswith(".")
    assert "Throttling" not in error.message
    assert error.reason == "ThrottlingException"


def test_without_a_model_a_sentence_says_how_to_get_one() -> None:
    services = Services(Settings({"AWS_REGION": "eu-west-1"}))
    with pytest.raises(LanguageModelError) as refusal:
        _ = services.language_model
    assert refusal.value.code == "model_unset"
    for name in ("AssistantModelId", "ASSISTANT_URL", "ASSISTANT_MODEL_ID", "--env-vars"):
        assert name in refusal.value.message
