"""State machines of a template run in moto, and one that cannot be created is left out."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from local_gateway.aws_services.clients import MotoClients
from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.aws_services.provisioning import Provisioner, provision
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.loading.template import Template

type Load = Callable[[str], Template]
STATES = '{"StartAt": "One", "States": {"One": {"Type": "Pass", "Result": %s, "End": true}}}'


@pytest.fixture
def steps(moto: MotoServer) -> Any:
    return MotoClients(moto.endpoint_url, "us-east-1").client("stepfunctions")


def output(steps: Any, arn: str) -> Any:
    """What an execution ends with."""
    execution = steps.start_execution(stateMachineArn=arn)["executionArn"]
    deadline = time.monotonic() + 20
    while (found := steps.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < deadline
    return json.loads(found["output"])


def test_definition_as_text_with_substitutions(moto: MotoServer, load: Load, steps: Any) -> None:
    template = load(f"""
        Resources:
          Machine:
            Type: AWS::StepFunctions::StateMachine
            Properties:
              RoleArn: arn:aws:iam::123456789012:role/r
              DefinitionString: '{STATES % '{"word": "${Word}"}'}'
              DefinitionSubstitutions: {{ Word: 'hel"lo' }}
              Tags: [{{ Key: a, Value: b }}]
    """)
    values = provision(moto.endpoint_url, template)
    arn = values.refs["Machine"]
    assert arn.endswith(f":stateMachine:{template.stack.physical_name('Machine')}")
    assert values.attributes["Machine", "Arn"] == arn
    assert output(steps, arn) == {"word": 'hel"lo'}
    # Without a name, each execution is another one.
    assert output(steps, arn) == {"word": 'hel"lo'}


def test_definition_as_an_object(moto: MotoServer, load: Load, steps: Any) -> None:
    template = load(f"""
        Resources:
          Machine:
            Type: AWS::StepFunctions::StateMachine
            Properties:
              RoleArn: arn:aws:iam::123456789012:role/r
              Definition: {STATES % "1"}
    """)
    assert output(steps, provision(moto.endpoint_url, template).refs["Machine"]) == 1


def test_state_machine_that_moto_refuses_is_left_out_with_a_warning(
    moto: MotoServer, load: Load
) -> None:
    template = load("""
        Resources:
          Machine:
            Type: AWS::StepFunctions::StateMachine
            Properties: { RoleArn: 'arn:aws:iam::123456789012:role/r', Definition: { States: {} } }
          Table:
            Type: AWS::DynamoDB::Table
            Properties:
              TableName: !GetAtt Machine.Name
              BillingMode: PAY_PER_REQUEST
              AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
              KeySchema: [{ AttributeName: id, KeyType: HASH }]
    """)
    provisioner = Provisioner(MotoClients(moto.endpoint_url, "us-east-1"))
    values = provisioner.provision(template)
    name = template.stack.physical_name("Machine")
    assert values.refs["Machine"] == f"arn:aws:states:us-east-1:123456789012:stateMachine:{name}"
    assert values.refs["Table"] == name
    [warning] = provisioner.warnings
    assert "Machine: moto could not create it: " in warning
    assert warning.endswith("; the rest is served without it")


def test_definition_that_cannot_be_read_is_an_error(moto: MotoServer, load: Load) -> None:
    template = load("""
        Resources:
          Machine:
            Type: AWS::StepFunctions::StateMachine
            Properties: { DefinitionString: 'a: b: c' }
    """)
    with pytest.raises(TemplateError, match="DefinitionString: is neither JSON nor YAML: "):
        provision(moto.endpoint_url, template)


NOT_RUN = [
    (
        "DefinitionS3Location: { Bucket: b, Key: k }",
        "its definition is in S3, not on this machine",
    ),
    (
        "Definition: { QueryLanguage: JSONata, StartAt: A, States: { A: { Type: Succeed } } }",
        "state machines with JSONata are not served",
    ),
]


@pytest.mark.parametrize(("definition", "cause"), NOT_RUN)
def test_what_moto_does_not_run_is_left_out_with_a_warning(
    moto: MotoServer, load: Load, definition: str, cause: str
) -> None:
    template = load(f"""
        Resources:
          Machine:
            Type: AWS::StepFunctions::StateMachine
            Properties: {{ {definition} }}
    """)
    provisioner = Provisioner(MotoClients(moto.endpoint_url, "us-east-1"))
    provisioner.provision(template)
    [warning] = provisioner.warnings
    assert warning.endswith(f"Machine: {cause}; the rest is served without it")


def test_state_machine_without_a_definition_is_an_error(moto: MotoServer, load: Load) -> None:
    template = load("Resources: { Machine: { Type: AWS::StepFunctions::StateMachine } }")
    with pytest.raises(TemplateError, match="the state machine has no definition"):
        provision(moto.endpoint_url, template)
