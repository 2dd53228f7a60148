"""Last step: a template and the values of its data resources become an `Application`."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from local_gateway.core.event_sources.model import EventRule, QueueMapping, Schedule
from local_gateway.core.model import (
    Application,
    AsynchronousInvocation,
    HttpApi,
    LambdaFunction,
    WebSocketApi,
)
from local_gateway.template.intrinsics.resolver import scalar
from local_gateway.template.loading.parameters import checked_value
from local_gateway.template.loading.template import ResourceValues, Template
from local_gateway.template.readers.api_resources import ApiPart, ApiResources
from local_gateway.template.readers.asynchronous_invocation import AsynchronousReader
from local_gateway.template.readers.eventbridge import EventRuleReader, ScheduleReader, TargetReader
from local_gateway.template.readers.functions import FunctionDirectory, FunctionReader
from local_gateway.template.readers.http_api import HttpApiReader
from local_gateway.template.readers.layers import read_layers
from local_gateway.template.readers.permissions import posting_without_permission
from local_gateway.template.readers.resource_references import ResourceReferences
from local_gateway.template.readers.sqs import QueueDirectory, QueueMappingReader
from local_gateway.template.readers.websocket_api import WebSocketApiReader


@dataclass(frozen=True, slots=True)
class ReadApplication:
    """An application, and what its developer should know about it: one line each."""

    application: Application
    warnings: tuple[str, ...] = ()


def build_application(
    template: Template,
    values: ResourceValues,
    *,
    elsewhere: bool = False,
) -> ReadApplication:
    """Resolve what is left in `template` and read functions and APIs.

    URLs of APIs are those that they have on AWS. With `elsewhere` functions are not run here, so
    that they may have any runtime. Raises `TemplateError`.
    """
    references = ResourceReferences(template, values)
    _check_given_parameters(template, references)
    warnings = list(template.warnings)
    layers = {} if elsewhere else read_layers(template, references)
    reader = FunctionReader(template, references, layers, warnings, elsewhere=elsewhere)
    functions = reader.read()
    websocket_apis, http_apis = _apis(template, references, functions)
    if not elsewhere:
        warnings.extend(_runtime_warnings(functions))
    warnings.extend(posting_without_permission(template, functions))
    warnings.extend(_stage_warnings([*websocket_apis, *http_apis]))
    sources = read_event_sources(template, references, functions)
    application = Application(
        stack_name=template.stack.name,
        account_id=template.stack.account_id,
        region=template.stack.region,
        partition=template.stack.partition,
        functions=functions,
        websocket_apis=websocket_apis,
        http_apis=http_apis,
        outputs=_outputs(template, references),
        resources=dict(values.refs),
        queue_mappings=sources.queue_mappings,
        event_rules=sources.event_rules,
        schedules=sources.schedules,
        asynchronous=sources.asynchronous,
    )
    return ReadApplication(application, tuple(warnings))


def _check_given_parameters(template: Template, references: ResourceReferences) -> None:
    for parameter in template.given_parameters:
        value = references.resolver.resolve(parameter.value, parameter.place)
        text = scalar(value, "Parameters", parameter.place)
        checked_value(parameter.declaration, text, parameter.place)


def _apis(
    template: Template, references: ResourceReferences, functions: Mapping[str, LambdaFunction]
) -> tuple[tuple[WebSocketApi, ...], tuple[HttpApi, ...]]:
    resources = ApiResources(template, references)
    directory = FunctionDirectory(list(functions.values()))
    websocket_reader = WebSocketApiReader(resources, directory)
    http_reader = HttpApiReader(resources, directory)
    websocket = [api for api in resources.apis if _protocol(api) == "WEBSOCKET"]
    http = [api for api in resources.apis if _protocol(api) == "HTTP"]
    return (
        tuple(websocket_reader.read(api) for api in websocket),
        tuple(http_reader.read(api) for api in http),
    )


def _protocol(api: ApiPart) -> str:
    # An API that is imported from OpenAPI has no protocol type: only HTTP APIs can be.
    default = "HTTP" if "Body" in api.properties.values else None
    return api.properties.choice("ProtocolType", ("WEBSOCKET", "HTTP"), default)


def _outputs(template: Template, references: ResourceReferences) -> dict[str, str]:
    outputs: dict[str, str] = {}
    for name, value in template.outputs.items():
        place = template.source.place("Outputs", name)
        outputs[name] = scalar(references.resolver.resolve(value, place), "Value", place)
    return outputs


def _runtime_warnings(functions: Mapping[str, LambdaFunction]) -> Iterator[str]:
    running = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for function in functions.values():
        if function.runtime != running:
            yield f"{function.logical_id}: {function.runtime} is run by {running} here"


def _stage_warnings(apis: list[WebSocketApi | HttpApi]) -> Iterator[str]:
    for api in apis:
        if not api.stages:
            yield f"{api.logical_id}: the API has no stage, so nobody can reach it"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEventSources:
    """The members of an `Application` of the same names."""

    queue_mappings: tuple[QueueMapping, ...]
    event_rules: tuple[EventRule, ...]
    schedules: tuple[Schedule, ...]
    asynchronous: Mapping[str, AsynchronousInvocation]


def read_event_sources(
    template: Template, references: ResourceReferences, functions: Mapping[str, LambdaFunction]
) -> ReadEventSources:
    """Read queue mappings, rules and schedules; raises `TemplateError` for what is not served."""
    directory = FunctionDirectory(list(functions.values()))
    queues = QueueDirectory(template, references)
    targets = TargetReader(directory, queues)
    mappings = QueueMappingReader(template, references, functions, directory, queues)
    return ReadEventSources(
        queue_mappings=mappings.read(),
        event_rules=EventRuleReader(template, references, targets).read(),
        schedules=ScheduleReader(template, references, targets).read(),
        asynchronous=AsynchronousReader(template, references, directory, queues).read(),
    )
