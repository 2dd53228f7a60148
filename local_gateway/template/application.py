"""Last step: a template and the values of its data resources become an `Application`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from local_gateway.core.model import (
    Application,
    HttpApi,
    LambdaFunction,
    RestApi,
    WebSocketApi,
)
from local_gateway.template.document.problems import Problems
from local_gateway.template.intrinsics.resolver import scalar
from local_gateway.template.loading.parameters import checked_value
from local_gateway.template.loading.template import ResourceValues, Template
from local_gateway.template.readers.api_keys import ApiKeyDirectory
from local_gateway.template.readers.api_resources import ApiDirectory, ApiResource
from local_gateway.template.readers.asynchronous_invocation import AsynchronousReader
from local_gateway.template.readers.destinations import DestinationReader
from local_gateway.template.readers.event_source_mappings import read_event_source_mappings
from local_gateway.template.readers.eventbridge import EventRuleReader, ScheduleReader, TargetReader
from local_gateway.template.readers.functions import FunctionDirectory, FunctionReader
from local_gateway.template.readers.handlers import runtime_warnings
from local_gateway.template.readers.http_api import HttpApiReader
from local_gateway.template.readers.layers import read_layers
from local_gateway.template.readers.qualifiers import read_qualifiers
from local_gateway.template.readers.resolved_template import ResolvedTemplate
from local_gateway.template.readers.rest_api import RestApiDirectory, RestApiReader
from local_gateway.template.readers.service_limits import check_limits
from local_gateway.template.readers.sqs import QueueDirectory, QueueMappingReader
from local_gateway.template.readers.streams import StreamMappingReader
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
    problems: Problems | None = None,
) -> LoadedApplication:
    """Resolve the intrinsics that are left in `template`, and read functions, APIs and sources.

    URLs of APIs are those that they have on AWS. `remote_functions` are run by something else, so
    they may have any runtime. Raises `TemplateError` for all that is wrong, together with what is
    in `problems` already.
    """
    collected = Problems() if problems is None else problems
    resources = ResolvedTemplate(template, values, collected)
    with collected.collect():
        _check_given_parameters(template, resources)
    warnings = list(template.warnings)
    layers = read_layers(template, resources, remote_functions=remote_functions)
    reader = FunctionReader(resources, layers, warnings, remote_functions=remote_functions)
    functions = reader.read()
    directory = FunctionDirectory(functions, [*_names_of_failed(resources, functions)])
    for resource in template.resources.values():
        if resource.source.origin(resource.logical_id) not in collected.resources:
            with collected.collect():
                check_limits(resource.type, resources.properties(resource))
    api_keys = ApiKeyDirectory(resources, warnings)
    websocket_apis, http_apis = _apis(resources, directory, api_keys, warnings)
    rest_apis = _rest_apis(resources, directory, api_keys, warnings)
    if not remote_functions:
        warnings.extend(runtime_warnings(functions))
    warnings.extend(_stage_warnings([*websocket_apis, *http_apis, *rest_apis]))
    queues = QueueDirectory(resources)
    targets = TargetReader(directory, queues)
    destinations = DestinationReader(resources, directory, queues, warnings)
    mappings = read_event_source_mappings(
        resources,
        QueueMappingReader(directory, queues),
        StreamMappingReader(resources, directory, destinations, warnings),
        warnings,
    )
    application = Application(
        stack_name=template.stack.name,
        account_id=template.stack.account_id,
        region=template.stack.region,
        partition=template.stack.partition,
        functions=functions,
        websocket_apis=websocket_apis,
        http_apis=http_apis,
        rest_apis=rest_apis,
        outputs=_outputs(template, resources),
        resources=dict(values.refs),
        queue_mappings=mappings.queues,
        stream_mappings=mappings.streams,
        event_rules=EventRuleReader(resources, targets).read(),
        schedules=ScheduleReader(resources, targets).read(),
        asynchronous=AsynchronousReader(resources, directory, destinations).read(),
        qualifiers=read_qualifiers(resources, directory),
    )
    collected.raise_if_any()
    return LoadedApplication(application, tuple(warnings))


def _names_of_failed(
    resources: ResolvedTemplate, functions: Mapping[str, LambdaFunction]
) -> Iterator[str]:
    for properties in resources.of_type("AWS::Lambda::Function"):
        if properties.logical_id not in functions:
            with resources.problems.collect():
                yield resources.ref_of(properties)


def _check_given_parameters(template: Template, resources: ResolvedTemplate) -> None:
    for parameter in template.given_parameters:
        value = resources.resolver.resolve(parameter.value, parameter.place)
        text = scalar(value, "Parameters", parameter.place)
        checked_value(parameter.declaration, text, parameter.place)


def _apis(
    resources: ResolvedTemplate,
    functions: FunctionDirectory,
    api_keys: ApiKeyDirectory,
    warnings: list[str],
) -> tuple[tuple[WebSocketApi, ...], tuple[HttpApi, ...]]:
    directory = ApiDirectory(resources, warnings)
    websocket_reader = WebSocketApiReader(directory, functions, api_keys)
    http_reader = HttpApiReader(directory, functions)
    websocket_apis, http_apis = [], []
    for api in directory.apis:
        with resources.problems.collect():
            if _is_http(api):
                http_apis.append(http_reader.read(api))
            else:
                websocket_apis.append(websocket_reader.read(api))
    return tuple(websocket_apis), tuple(http_apis)


def _rest_apis(
    resources: ResolvedTemplate,
    functions: FunctionDirectory,
    api_keys: ApiKeyDirectory,
    warnings: list[str],
) -> tuple[RestApi, ...]:
    directory = RestApiDirectory(resources)
    reader = RestApiReader(directory, functions, api_keys, warnings)
    apis = []
    for api in directory.apis:
        with resources.problems.collect():
            apis.append(reader.read(api))
    return tuple(apis)


def _is_http(api: ApiResource) -> bool:
    # An API that is imported from OpenAPI has no protocol type: only HTTP APIs can be.
    default = "HTTP" if "Body" in api.properties.values else None
    return api.properties.choice("ProtocolType", ("WEBSOCKET", "HTTP"), default) == "HTTP"


def _outputs(template: Template, resources: ResolvedTemplate) -> dict[str, str]:
    outputs: dict[str, str] = {}
    for name, value in template.outputs.items():
        place = template.source.place("Outputs", name)
        with resources.problems.collect():
            outputs[name] = scalar(resources.resolver.resolve(value, place), "Value", place)
    return outputs


def _stage_warnings(apis: list[WebSocketApi | HttpApi | RestApi]) -> Iterator[str]:
    for api in apis:
        if not api.stages:
            yield f"{api.logical_id}: the API has no stage, so no client can reach it"
