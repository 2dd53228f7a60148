"""What template.yaml promises about the language model of the endpoint assistant."""

import json
from typing import Any

from local_gateway.template.loading.load import load_template
from sapa.settings import Settings
from tests.contract.test_template_deploy import LONGEST_DESCRIPTION, longest
from tests.contract.transformed_template import TEMPLATE, references, resources, source_template

MODEL_ID = "apac.anthropic.claude-sonnet-4-20250514-v1:0"
PROFILE = (
    "arn:${AWS::Partition}:bedrock:${AWS::Region}:${AWS::AccountId}"
    ":inference-profile/${AssistantModelId}"
)


def policy() -> dict[str, Any]:
    resource: dict[str, Any] = resources("AWS::IAM::RolePolicy")["AssistantModelPolicy"]
    return resource


def test_only_the_writer_of_answers_may_use_the_model_and_no_other() -> None:
    assert policy()["RoleName"] == {"Ref": "AnswerRole"}
    direct, through_profile = policy()["PolicyDocument"]["Statement"]
    for statement in (direct, through_profile):
        assert statement["Effect"] == "Allow"
        assert statement["Action"] == "bedrock:InvokeModelWithResponseStream"
    assert [each["Fn::Sub"] for each in direct["Resource"]] == [
        "arn:${AWS::Partition}:bedrock:${AWS::Region}::foundation-model/${AssistantModelId}",
        PROFILE,
    ]
    assert through_profile["Condition"] == {
        "StringEquals": {"bedrock:InferenceProfileArn": {"Fn::Sub": PROFILE}}
    }


def test_without_a_model_there_is_no_right_and_with_one_there_is() -> None:
    def names(overrides: dict[str, str]) -> set[str]:
        return set(load_template(TEMPLATE, overrides).resources)

    right = {"AssistantModelPolicy"}
    assert names({"AssistantModelId": MODEL_ID}) - names({}) == right


def test_no_other_policy_names_bedrock() -> None:
    others = {
        name: resource
        for name, resource in source_template()["Resources"].items()
        if name != "AssistantModelPolicy"
    }
    assert "bedrock:" not in json.dumps(others, default=str)


def test_a_deployed_function_knows_a_model_of_bedrock_and_no_key() -> None:
    properties = resources("AWS::Lambda::Function")["AnswerFunction"]
    variables = properties["Environment"]["Variables"]
    assert variables["ASSISTANT_MODEL_ID"] == {"Ref": "AssistantModelId"}
    assert variables["ASSISTANT_SYSTEM_PROMPT"] == {"Ref": "AssistantSystemPrompt"}
    fixed = {name: value for name, value in variables.items() if isinstance(value, str)}
    config = Settings(fixed)
    assert (config.assistant_url, config.assistant_api) == ("", "bedrock")
    assert config.assistant_key == ""
    # --env-vars sets only what the template declares.
    assert {"ASSISTANT_URL", "ASSISTANT_API", "ASSISTANT_KEY"} <= fixed.keys()


def test_a_new_model_or_prompt_publishes_a_version_of_the_writer() -> None:
    [described] = [
        version["Description"]["Fn::Sub"]
        for version in resources("AWS::Lambda::Version").values()
        if version["FunctionName"] == {"Ref": "AnswerFunction"}
    ]
    parameters = source_template()["Parameters"]
    named = references({"Fn::Sub": described})
    assert {"AssistantModelId", "AssistantSystemPrompt"} <= set(named)
    room = sum(longest(parameters[name]) - len(f"${{{name}}}") for name in named)
    assert len(described) + room <= LONGEST_DESCRIPTION
