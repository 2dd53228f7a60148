"""Looks at a template without serving it."""

from local_gateway.aws_services.offline import check_data_resources
from local_gateway.settings import GatewaySettings
from local_gateway.template.assessment import Assessment, assess
from local_gateway.template.document.problems import Problems
from local_gateway.template.document.stack import Stack
from local_gateway.template.loading.load import load_template


def check(settings: GatewaySettings) -> Assessment:
    """How each resource would fare; raises `TemplateError` if the template cannot be read."""
    problems = Problems()
    template = load_template(
        settings.template,
        settings.parameter_overrides,
        Stack(name=settings.stack_name, region=settings.region),
        leave_out=settings.leave_out,
        problems=problems,
    )
    values = check_data_resources(template, settings.region, settings.resolve, problems)
    is_remote = settings.lambda_endpoint is not None
    return assess(template, values, problems, remote_functions=is_remote)
