"""API keys and usage plans, and the stages that they are for."""

import pytest

from local_gateway.core.model import ApiKey, Quota, Throttle
from local_gateway.template.document.errors import TemplateError
from tests.unit.local_gateway.template.project import Project

VALUE = "a-key-of-more-than-20"
KEYS = f"""\
Resources:
  Fun:
    Type: AWS::Lambda::Function
    Properties: {{Code: code, Handler: app.handler, Runtime: python3.13}}
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {{Name: x, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.a}}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {{ApiId: !Ref Api, StageName: dev, AutoDeploy: true}}
  Key:
    Type: AWS::ApiGateway::ApiKey
    Properties: {{Value: {VALUE}, Enabled: true}}
  Plan:
    Type: AWS::ApiGateway::UsagePlan
    Properties:
      ApiStages: [{{ApiId: !Ref Api, Stage: !Ref Stage}}]
      Throttle: {{RateLimit: 2}}
  Member:
    Type: AWS::ApiGateway::UsagePlanKey
    Properties: {{KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Plan}}
"""


def keys_and_warnings(project: Project, template: str) -> tuple[tuple[ApiKey, ...], list[str]]:
    project.write("code/app.py", "def handler(event, context):\n    return None\n")
    loaded = project.read(template)
    (api,) = loaded.application.websocket_apis
    (stage,) = api.stages
    return stage.api_keys, list(loaded.warnings)


def test_a_usage_plan_lets_its_keys_into_its_stages(project: Project) -> None:
    (key,), warnings = keys_and_warnings(project, KEYS)
    assert (key.value, key.throttle) == (VALUE, Throttle(rate=2, burst=5_000))
    assert warnings == []


def test_a_key_without_a_value_gets_one_that_is_said_and_stays(project: Project) -> None:
    (key,), (warning,) = keys_and_warnings(project, KEYS.replace(f"Value: {VALUE}, ", ""))
    assert len(key.value) == 40
    assert warning == f"Key: the template gives the API key no Value; here it is {key.value}"
    assert keys_and_warnings(project, KEYS.replace(f"Value: {VALUE}, ", ""))[0] == (key,)


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("Enabled: true", "Enabled: false"),
        ("Stage: !Ref Stage", "Stage: other"),
        ("ApiStages: [{ApiId: !Ref Api, Stage: !Ref Stage}]", "Description: x"),
    ],
)
def test_other_keys_open_nothing(project: Project, written: str, instead: str) -> None:
    assert written in KEYS
    assert keys_and_warnings(project, KEYS.replace(written, instead)) == ((), [])


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        (VALUE, "short", "Key: Value: AWS refuses a key of 5 characters; write 20 to 128"),
        ("KeyId: !Ref Key", "KeyId: x", "Member: KeyId: x is not an API key of this template"),
        ("!Ref Plan", "x", "Member: UsagePlanId: x is not a usage plan of this template"),
        ("[{ApiId: !Ref Api, Stage: !Ref Stage}]", "[x]", "ApiStages.0: expected an object"),
    ],
)
def test_mistakes(project: Project, written: str, instead: str, message: str) -> None:
    with pytest.raises(TemplateError) as raised:
        keys_and_warnings(project, KEYS.replace(written, instead))
    assert message in str(raised.value)


def test_a_usage_plan_may_have_a_quota(project: Project) -> None:
    plan = "Quota: {Limit: 5, Period: DAY}\n      Throttle"
    (key,), warnings = keys_and_warnings(project, KEYS.replace("Throttle", plan))
    assert key.quota == Quota(limit=5, period="DAY")
    assert warnings == []
