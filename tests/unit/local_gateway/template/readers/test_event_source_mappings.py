"""Event source mappings by their source; those of services that are not here are left out."""

import pytest

from tests.unit.local_gateway.template.project import Project
from tests.unit.local_gateway.template.sources_project import VALUES, failure, template


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (
            "{Type: MSK, Properties: {Stream: 'arn:aws:kafka:us-east-1:1:cluster/c/1',"
            " StartingPosition: LATEST, Topics: [t]}}",
            "Kafka topics as event sources are not served",
        ),
        (
            "{Type: MQ, Properties: {Broker: 'arn:aws:mq:us-east-1:1:broker:b:1', Queues: [q],"
            " SourceAccessConfigurations: [{Type: BASIC_AUTH, URI: 'arn:x'}]}}",
            "Amazon MQ brokers as event sources are not served",
        ),
        (
            "{Type: SelfManagedKafka, Properties: {KafkaBootstrapServers: ['a:1'], Topics: [t],"
            " SourceAccessConfigurations: [{Type: BASIC_AUTH, URI: 'arn:x'}]}}",
            "Kafka topics as event sources are not served",
        ),
    ],
)
def test_source_that_is_not_here_is_left_out_with_a_warning(
    project: Project, event: str, message: str
) -> None:
    loaded = project.read(template(event), VALUES)
    assert not loaded.application.queue_mappings
    assert not loaded.application.stream_mappings
    assert any(message in warning for warning in loaded.warnings)


def test_source_is_mapped_to_a_function_once(project: Project) -> None:
    event = "{Type: SQS, Properties: {Queue: !GetAtt Q.Arn}}"
    resources = """
  M:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref F, EventSourceArn: !GetAtt Q.Arn}
"""
    assert "maps the source to the function, too" in failure(project, event, resources)


def test_source_has_an_arn(project: Project) -> None:
    resources = """
  M:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref F, EventSourceArn: queue}
"""
    assert "queue is not an ARN" in failure(project, resources=resources)
