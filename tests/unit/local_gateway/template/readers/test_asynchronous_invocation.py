"""How the functions of a template are repeated when they are invoked asynchronously."""

from local_gateway.core.model import AsynchronousInvocation
from tests.unit.local_gateway.template.project import Project
from tests.unit.local_gateway.template.sources_project import VALUES, read, template


def test_asynchronous_invocations(project: Project) -> None:
    function = (
        "DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Q.Arn},"
        " EventInvokeConfig: {MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 90},"
    )
    assert read(project, function=function).asynchronous == {
        "F": AsynchronousInvocation(
            maximum_retries=0, maximum_age=90, dead_letter_queue_url="http://q"
        )
    }


def test_destinations_are_left_out_with_a_warning(project: Project) -> None:
    function = (
        "EventInvokeConfig: {DestinationConfig:"
        " {OnFailure: {Type: SQS, Destination: !GetAtt Q.Arn}}},"
    )
    loaded = project.read(template(function=function), VALUES)
    assert loaded.application.asynchronous == {"F": AsynchronousInvocation()}
    assert any(
        "destinations of asynchronous invocations are not served" in line
        for line in loaded.warnings
    )


def test_dead_letters_to_another_stack_are_left_out(project: Project) -> None:
    function = "DeadLetterQueue: {Type: SNS, TargetArn: 'arn:aws:sns:us-east-1:1:elsewhere'},"
    assert read(project, function=function).asynchronous == {}
