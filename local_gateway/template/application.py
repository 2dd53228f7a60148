"""Last step: a template and the values of its data resources become an `Application`."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from local_gateway.core.model import (
    Application,
    HttpApi,
    LambdaFunction,
    WebSocketApi,
)
from local_gateway.template.intrinsics.resolver import scalar
from local_gateway.template.loading.parameters import checked_value
from local_gateway.template.loading.template import ResourceValues, Template
from local_gateway.template.readers.api_resources import ApiDirectory, ApiResource
from local_gateway.template.readers.asynchronous_invocation import AsynchronousReader
from local_gateway.template.readers.eventbridge import EventRuleReader, ScheduleReader, TargetReader
from local_gateway.template.readers.functions import FunctionDirectory, FunctionReader
from local_gateway.template.readers.http_api import HttpApiReader
from local_gateway.template.readers.layers import read_layers
from local_gateway.template.readers.permissions import posting_without_permission
from local_gateway.template.readers.resolved_template import ResolvedTemplate
from local_gateway.template.readers.sqs import QueueDirectory, QueueMappingReader
from local_gateway.template.readers.websocket_api import WebSocketApiReader


@dataclass(frozen=True, slots=True)
class LoadedApplication:
    """An application, and the warnings for its developer, of one line each."""

    application: Application
    warnings: tuple[str, ...] = ()


def build_application(
    template: Template,
    values: ResourceValues,
    *,
    remote_functions: bool = False,
) -> LoadedApplication:
    """Resolve the intrinsics that are left in `template`, and read functions, APIs and sources.

    URLs of APIs are those that they have on AWS. `remote_functions` are run by something else, so
    they may have any runtime. Raises `TemplateError`.
    """
    resources = ResolvedTemplate(template, values)
    _check_given_parameters(template, resources)
    warnings = list(template.warnings)
    layers = read_layers(template, resources, remote_functions=remote_functions)
    reader = FunctionReader(resources, layers, warnings, remote_functions=remote_functions)
    functions = reader.read()
    directory = FunctionDirectory(functions)
    websocket_apis, http_apis = _apis(resources, directory)
    if not remote_functions:
        warnings.extend(_runtime_warnings(functions))
    warnings.extend(posting_without_permission(template, functions))
    warnings.extend(_stage_warnings([*websocket_apis, *http_apis]))
    queues = QueueDirectory(resources)
    targets = TargetReader(directory, queues)
    mappings = QueueMappingReader(resources, directory, queues)
    application = Application(
        stack_name=template.stack.name,
        account_id=template.stack.account_id,
        region=template.stack.region,
        partition=template.stack.partition,
        functions=functions,
        websocket_apis=websocket_apis,
        http_apis=http_apis,
        outputs=_outputs(template, resources),
        resources=dict(values.refs),
        queue_mappings=mappings.read(),
        event_rules=EventRuleReader(resources, targets).read(),
        schedules=ScheduleReader(resources, targets).read(),
        asynchronous=AsynchronousReader(resources, directory, queues).read(),
    )
    return LoadedApplication(application, tuple(warnings))


def _check_given_parameters(template: Template, resources: ResolvedTemplate) -> None:
    for parameter in template.given_parameters:
        value = resources.resolver.resolve(parameter.value, parameter.place)
        text = scalar(value, "Parameters", parameter.place)
        checked_value(parameter.declaration, text, parameter.place)


def _apis(
    resources: ResolvedTemplate, functions: FunctionDirectory
) -> tuple[tuple[WebSocketApi, ...], tuple[HttpApi, ...]]:
    directory = ApiDirectory(resources)
    websocket_reader = WebSocketApiReader(directory, functions)
    http_reader = HttpApiReader(directory, functions)
    return (
        tuple(websocket_reader.read(api) for api in directory.apis if not _is_http(api)),
        tuple(http_reader.read(api) for api in directory.apis if _is_http(api)),
    )


def _is_http(api: ApiResource) -> bool:
    # An API that is imported from OpenAPI has no protocol type: only HTTP APIs can be.
    default = "HTTP" if "Body" in api.properties.values else None
    return api.properties.choice("ProtocolType", ("WEBSOCKET", "HTTP"), default) == "HTTP"


def _outputs(template: Template, resources: ResolvedTemplate) -> dict[str, str]:
    outputs: dict[str, str] = {}
    for name, value in template.outputs.items():
        place = template.source.place("Outputs", name)
        outputs[name] = scalar(resources.resolver.resolve(value, place), "Value", place)
    return outputs


def _runtime_warnings(functions: Mapping[str, LambdaFunction]) -> Iterator[str]:
    running = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for function in functions.values():
        if function.runtime != running:
            yield f"{function.logical_id}: {function.runtime} runs on {running} here"


def _stage_warnings(apis: list[WebSocketApi | HttpApi]) -> Iterator[str]:
    for api in apis:
        if not api.stages:
            yield f"{api.logical_id}: the API has no stage, so no client can reach it"
