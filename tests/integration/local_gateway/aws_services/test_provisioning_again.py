"""The next version of a template: new resources are created, existing ones keep their data."""

from collections.abc import Callable
from pathlib import Path

import pytest

from local_gateway.aws_services.clients import MotoClients
from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.aws_services.provisioning import Provisioner
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.stack import Stack
from local_gateway.template.loading.load import load_template
from local_gateway.template.loading.template import Template

type Load = Callable[[str], Template]

TABLE = """\
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
"""
QUEUE = """\
  Queue:
    Type: AWS::SQS::Queue
    Properties: {Tags: [{Key: table, Value: !Ref Table}]}
"""
BUCKET = """\
  %s:
    Type: AWS::S3::Bucket
"""


@pytest.fixture
def load(tmp_path: Path, request: pytest.FixtureRequest) -> Load:
    """Loads versions of a template, all of the same stack."""
    stack = Stack(name="again" + "".join(filter(str.isalnum, request.node.name))[-24:])

    def load_text(text: str) -> Template:
        path = tmp_path / "template.yaml"
        path.write_text(text, encoding="utf-8")
        return load_template(path, stack=stack)

    return load_text


@pytest.fixture
def provisioner(moto: MotoServer) -> Provisioner:
    return Provisioner(MotoClients(moto.endpoint_url, "us-east-1"))


def test_a_new_resource_joins_those_that_exist(
    moto: MotoServer, provisioner: Provisioner, load: Load
) -> None:
    first = provisioner.provision(load(TABLE))
    dynamodb = MotoClients(moto.endpoint_url, "us-east-1").client("dynamodb")
    dynamodb.put_item(TableName=first.refs["Table"], Item={"id": {"S": "kept"}})
    second = provisioner.provision(load(TABLE + QUEUE))
    assert second.refs["Table"] == first.refs["Table"]
    assert second.refs["Queue"].startswith("http")
    assert dynamodb.scan(TableName=first.refs["Table"])["Count"] == 1
    assert not provisioner.outdated


def test_a_changed_resource_stays_and_is_named(
    moto: MotoServer, provisioner: Provisioner, load: Load
) -> None:
    first = provisioner.provision(load(TABLE))
    second = provisioner.provision(load(TABLE.replace("Type: S", "Type: N")))
    assert list(provisioner.outdated) == ["Table"]
    dynamodb = MotoClients(moto.endpoint_url, "us-east-1").client("dynamodb")
    table = dynamodb.describe_table(TableName=second.refs["Table"])["Table"]
    assert table["AttributeDefinitions"] == [{"AttributeName": "id", "AttributeType": "S"}]
    provisioner.provision(load(TABLE))
    assert not list(provisioner.outdated)
    assert first == second


def test_a_resource_that_comes_back_is_still_there(provisioner: Provisioner, load: Load) -> None:
    first = provisioner.provision(load(TABLE + QUEUE))
    provisioner.provision(load(TABLE))
    assert provisioner.provision(load(TABLE + QUEUE)) == first


def test_resources_of_moto_s_cloudformation_can_be_added(
    provisioner: Provisioner, load: Load
) -> None:
    first = provisioner.provision(load(TABLE + BUCKET % "First"))
    second = provisioner.provision(load(TABLE + BUCKET % "First" + BUCKET % "Second"))
    assert second.refs["First"] == first.refs["First"]
    assert second.refs["Second"] != first.refs["First"]


def test_after_a_refusal_the_corrected_template_goes_on(
    provisioner: Provisioner, load: Load
) -> None:
    wrong = TABLE.replace("KeySchema: [{AttributeName: id", "KeySchema: [{AttributeName: other")
    with pytest.raises(TemplateError, match="moto could not create Table"):
        provisioner.provision(load(wrong + QUEUE))
    values = provisioner.provision(load(TABLE + QUEUE))
    assert set(values.refs) == {"Table", "Queue"}
