"""Last step: a template and the values of its data resources become an `Application`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from local_gateway.core.model import (
    Application,
    HttpApi,
    RestApi,
    WebSocketApi,
)
from local_gateway.template.document.problems import Problems
from local_gateway.template.document.source import as_object
from local_gateway.template.intrinsics.references import references
from local_gateway.template.intrinsics.resolver import scalar
from local_gateway.template.loading.load import without_functions
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
from local_gateway.template.readers.layers import archives, read_layers
from local_gateway.template.readers.properties import Properties
from local_gateway.template.readers.qualifiers import read_qualifiers
from local_gateway.template.readers.resolved_template import ResolvedTemplate
from local_gateway.template.readers.rest_api import RestApiDirectory, RestApiReader
from local_gateway.template.readers.service_limits import check_limits
from local_gateway.template.readers.sqs import QueueDirectory, QueueMappingReader
from local_gateway.template.readers.streams import StreamMappingReader
from local_gateway.template.readers.websocket_api import WebSocketApiReader

_FUNCTION = "AWS::Lambda::Function"


@dataclass(frozen=True, slots=True)
class LoadedApplication:
    """An application, and the warnings for its developer, of one line each.

    `template` is without everything that is left out, `archives` hold code of it.
    """

    application: Application
    template: Template
    warnings: tuple[str, ...] = ()
    archives: frozenset[Path] = frozenset()


def build_application(
    template: Template,
    values: ResourceValues,
    *,
    remote_functions: bool = False,
    problems: Problems | None = None,
) -> LoadedApplication:
    """Resolve the intrinsics that are left in `template`, and read functions, APIs and sources.

    URLs of APIs are those that they have on AWS. `remote_functions` are run by something else, so
    they may have any runtime. What is not served is left out with a warning. Raises
    `TemplateError` for all that is wrong, together with what is in `problems` already, or if
    nothing is left to serve.
    """
    collected = Problems() if problems is None else problems
    for item in template.not_served:
        collected.add(item)
    resources = ResolvedTemplate(template, values, collected)
    with collected.collect():
        _check_given_parameters(template, resources)
    warnings: list[str] = []
    layers = read_layers(template, resources, remote_functions=remote_functions)
    reader = FunctionReader(resources, layers, warnings, remote_functions=remote_functions)
    functions = reader.read()
    failed = [item for item in resources.of_type(_FUNCTION) if item.logical_id not in functions]
    directory = FunctionDirectory(functions, [*_names_of(resources, failed)])
    template = without_functions(template, [item.logical_id for item in failed])
    warnings += template.warnings
    warnings += _stand_ins(template)
    resources = ResolvedTemplate(template, values, collected)
    for resource in template.served:
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
    if not _serves_anything(application):
        collected.raise_not_served()
    not_served = map(str, collected.not_served)
    return LoadedApplication(
        application,
        template,
        warnings=tuple(dict.fromkeys([*not_served, *warnings])),
        archives=frozenset(archives(resources)),
    )


def _serves_anything(application: Application) -> bool:
    has_routes = (
        any(api.routes for api in application.websocket_apis)
        or any(api.routes for api in application.http_apis)
        or any(api.methods for api in application.rest_apis)
    )
    return has_routes or bool(application.functions)


def _names_of(resources: ResolvedTemplate, functions: Iterable[Properties]) -> Iterator[str]:
    for properties in functions:
        with resources.problems.collect():
            yield resources.ref_of(properties)


def _stand_ins(template: Template) -> Iterator[str]:
    """Warn of variables whose values belong to what is not served."""
    for resource in template.of_type(_FUNCTION):
        environment = as_object(resource.properties.get("Environment"))
        for name, value in as_object(environment.get("Variables")).items():
            for reference in references(value):
                target = template.resources.get(reference.name)
                if target is not None and not target.is_served:
                    place = template.place(resource, "Environment", "Variables", name)
                    yield f"{place}: {reference.name} is not served; the value leads nowhere"


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
