"""How the functions of a template are repeated when they are invoked asynchronously."""

from local_gateway.core.event_sources.model import Destination
from local_gateway.core.model import AsynchronousInvocation
from tests.unit.local_gateway.template.project import Project
from tests.unit.local_gateway.template.sources_project import ARN, VALUES, read, template

QUEUE = Destination(arn=f"{ARN}:q", queue_url="http://q")


def test_asynchronous_invocations(project: Project) -> None:
    function = (
        "DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Q.Arn},"
        " EventInvokeConfig: {MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 90,"
        " DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Q.Arn}}},"
    )
    assert read(project, function=function).asynchronous == {
        "F": AsynchronousInvocation(
            maximum_retries=0, maximum_age=90, dead_letters=QUEUE, on_failure=QUEUE
        )
    }


def test_dead_letters_to_another_stack_are_left_out_with_a_warning(project: Project) -> None:
    function = "DeadLetterQueue: {Type: SNS, TargetArn: 'arn:aws:sns:us-east-1:1:elsewhere'},"
    loaded = project.read(template(function=function), VALUES)
    assert loaded.application.asynchronous == {}
    assert any("elsewhere is not a queue, topic, event bus" in line for line in loaded.warnings)
