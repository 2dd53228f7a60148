"""Expands SAM into CloudFormation with the SAM translator as a library: no network, no account.

The translator knows code in S3 only, so every local path travels through it as a key of a bucket
that does not exist, and comes back as an absolute path in `Code` or `Content` afterwards.
"""

import copy
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from local_gateway.template.document.errors import Place, TemplateError, did_you_mean
from local_gateway.template.document.problems import TemplateErrors
from local_gateway.template.document.source import (
    DocumentPath,
    Json,
    JsonObject,
    Source,
    as_object,
    load_source,
)
from local_gateway.template.intrinsics.resolver import Resolver
from local_gateway.template.loading.macros import SAM_TRANSFORM, transforms
from local_gateway.template.loading.resource_types import CODE_PROPERTIES

BUCKET = "code-on-this-machine"
_FUNCTION = "AWS::Serverless::Function"
_LAYER = "AWS::Serverless::LayerVersion"
_APIS = ("AWS::Serverless::Api", "AWS::Serverless::HttpApi")
_APPLICATION = "AWS::Serverless::Application"
_STATE_MACHINE = "AWS::Serverless::StateMachine"


_UNKNOWN_GLOBAL = re.compile(
    r"'(?P<name>\w+)' is not a supported property of '(?P<kind>\w+)'.*\[(?P<names>.*)\]"
)


@dataclass(frozen=True, slots=True)
class _Session:
    """A stand-in for a boto3 session, which would read ~/.aws."""

    region_name: str


def translate(
    source: Source, resources: JsonObject, parameters: Mapping[str, Json], resolver: Resolver
) -> JsonObject:
    """The template as CloudFormation, with these resources; local code is absolute paths in it.

    A template without the SAM transform is returned as it is. Raises `TemplateError` when the
    translator refuses the template.
    """
    document = copy.deepcopy({**source.document, "Resources": resources})
    if SAM_TRANSFORM not in transforms(source):
        _refuse_serverless_resources(source, document)
        return document
    paths = LocalPaths(source, resolver)
    paths.hide(document)
    values = {**parameters, **resolver.stack.pseudo_parameters()}
    translated = _run_translator(source, document, values, resolver.stack.region)
    paths.restore(as_object(translated.get("Resources")))
    paths.read_definitions(as_object(translated.get("Resources")))
    return translated


def _refuse_serverless_resources(source: Source, document: JsonObject) -> None:
    errors = [
        TemplateError(
            source.resource_place(logical_id),
            f"{as_object(resource).get('Type')} needs the SAM transform",
            f"add Transform: {SAM_TRANSFORM}",
        )
        for logical_id, resource in as_object(document.get("Resources")).items()
        if str(as_object(resource).get("Type")).startswith("AWS::Serverless::")
    ]
    if errors:
        raise TemplateErrors(errors) if len(errors) > 1 else errors[0]


def _run_translator(
    source: Source, document: JsonObject, values: Mapping[str, Json], region: str
) -> JsonObject:
    # Imported late: half of the time to read a template goes into this import, and a template
    # of plain CloudFormation does not need it.
    from samtranslator.metrics.metrics import DummyMetricsPublisher, Metrics
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    # It would warn that some preview features are off.
    logging.getLogger("samtranslator.feature_toggle").setLevel(logging.ERROR)
    session = cast("Any", _Session(region))
    metrics = Metrics("ServerlessTransform", DummyMetricsPublisher())
    try:
        translator = Translator({}, Parser(), boto_session=session, metrics=metrics)
        translated = translator.translate(
            cast("dict[str, Any]", document), dict(values), passthrough_metadata=True
        )
    except InvalidDocumentException as error:
        refusals = [_refusal(source, cause.message) for cause in error.causes]
        raise TemplateErrors(refusals) if len(refusals) > 1 else refusals[0] from None
    except Exception as error:
        # The translator fails on some malformed templates instead of refusing them.
        cause = f"the SAM translator failed: {type(error).__name__}: {error}"
        raise TemplateError(source.place("Resources"), cause) from error
    finally:
        # Publishes nothing; without it the translator logs a complaint.
        metrics.publish()
    return cast("JsonObject", translated)


def _refusal(source: Source, message: str) -> TemplateError:
    logical_id, _, cause = message.removeprefix("Resource with id [").partition("] is invalid. ")
    if (unknown := _UNKNOWN_GLOBAL.search(message)) is not None:
        name, kind = unknown["name"], unknown["kind"]
        names = re.findall(r"'(\w+)'", unknown["names"])
        remedy = did_you_mean(name, names) or f"expected one of {', '.join(names)}"
        return TemplateError(source.place("Globals", kind, name), "unknown property", remedy)
    if not cause:
        return TemplateError(source.place("Resources"), message)
    place = source.resource_place(logical_id, *_property_path(source, logical_id, cause))
    return TemplateError(place, cause)


def _property_path(source: Source, logical_id: str, cause: str) -> DocumentPath:
    """The property that the translator's sentence names: the sentences have no common form."""
    start = ("Resources", logical_id, "Properties")
    paths = sorted((path for path in source.lines if path[:3] == start), key=len)
    for word in re.findall(r"[A-Z]\w+", cause):
        for path in paths:
            if path[-1] == word and len(path) > len(start):
                return path[3:]
    return ()


class LocalPaths:
    """Takes the local paths of a template through the translator, once for each translation."""

    def __init__(self, source: Source, resolver: Resolver) -> None:
        self._source = source
        self._resolver = resolver
        self._directory = source.path.parent.resolve()
        self._paths: list[Path] = []

    def hide(self, document: JsonObject) -> None:
        """Replace `CodeUri` and `ContentUri` in place, and read local `DefinitionUri` files."""
        function_globals = as_object(as_object(document.get("Globals")).get("Function"))
        if "CodeUri" in function_globals:
            function_globals["CodeUri"] = self._hidden(
                function_globals["CodeUri"], "Globals", "CodeUri"
            )
        for logical_id, declared in as_object(document.get("Resources")).items():
            resource = as_object(declared)
            properties = as_object(resource.setdefault("Properties", {}))
            if resource.get("Type") == _FUNCTION:
                self._hide_code(logical_id, properties, "CodeUri" in function_globals)
            elif resource.get("Type") == _LAYER and "ContentUri" in properties:
                uri = properties["ContentUri"]
                properties["ContentUri"] = self._hidden(uri, logical_id, "ContentUri")
            elif resource.get("Type") == _STATE_MACHINE and "DefinitionUri" in properties:
                uri = properties["DefinitionUri"]
                properties["DefinitionUri"] = self._hidden(uri, logical_id, "DefinitionUri")
            elif resource.get("Type") in _APIS:
                self._read_definition(logical_id, properties)
            elif resource.get("Type") == _APPLICATION and "Location" in properties:
                self._resolve_location(logical_id, properties)

    def restore(self, resources: JsonObject) -> None:
        """Put the paths back into translated resources, as texts in `Code` or `Content`."""
        for declared in resources.values():
            resource = as_object(declared)
            key = CODE_PROPERTIES.get(str(resource.get("Type")))
            properties = as_object(resource.get("Properties"))
            if key is None or (location := as_object(properties.get(key))) == {}:
                continue
            if location.get("S3Bucket") == BUCKET:
                properties[key] = str(self._paths[int(str(location["S3Key"]))])

    def read_definitions(self, resources: JsonObject) -> None:
        """Put the definitions of state machines into translated resources, as texts."""
        for logical_id, declared in resources.items():
            properties = as_object(as_object(declared).get("Properties"))
            location = as_object(properties.get("DefinitionS3Location"))
            if location.get("Bucket") == BUCKET:
                path = self._paths[int(str(location["Key"]))]
                del properties["DefinitionS3Location"]
                place = self._source.resource_place(logical_id, "DefinitionUri")
                properties["DefinitionString"] = _text_of(path, place)

    def _hide_code(self, logical_id: str, properties: JsonObject, has_default: bool) -> None:
        if "InlineCode" in properties or "ImageUri" in properties:
            return
        if "CodeUri" in properties:
            properties["CodeUri"] = self._hidden(properties["CodeUri"], logical_id, "CodeUri")
        elif not has_default:
            # SAM's command line takes the template's directory when CodeUri is missing.
            properties["CodeUri"] = self._hidden(".", logical_id, "CodeUri")

    def _hidden(self, uri: Json, logical_id: str, name: str) -> Json:
        place = self._source.resource_place(logical_id, name)
        value = self._resolver.resolve(uri, place)
        if not isinstance(value, str) or value.startswith("s3://"):
            return value
        self._paths.append(self._directory / value)
        return f"s3://{BUCKET}/{len(self._paths) - 1}"

    def _resolve_location(self, logical_id: str, properties: JsonObject) -> None:
        """An application of a repository gets no location: the translator would ask AWS for it."""
        place = self._source.resource_place(logical_id, "Location")
        location = self._resolver.resolve(properties["Location"], place)
        properties["Location"] = location if isinstance(location, str) else ""

    def _read_definition(self, logical_id: str, properties: JsonObject) -> None:
        place = self._source.resource_place(logical_id, "DefinitionUri")
        uri = self._resolver.resolve(properties.get("DefinitionUri"), place)
        if uri is None:
            return
        if not isinstance(uri, str) or uri.startswith("s3://"):
            raise TemplateError(
                place, "the definition is in S3, not on this machine", "use a local file"
            )
        del properties["DefinitionUri"]
        properties["DefinitionBody"] = load_source(self._directory / uri).document


def _text_of(path: Path, place: Place) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise TemplateError(place, f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TemplateError(place, f"{path} is not a text in UTF-8") from None
