"""Expands SAM into CloudFormation with the SAM translator as a library: no network, no account."""

import copy
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.json_value import Json, JsonObject, as_list, as_object
from local_gateway.template.document.source import DocumentPath, Source
from local_gateway.template.intrinsics.resolver import Resolver
from local_gateway.template.loading.local_paths import LocalPaths

SAM_TRANSFORM = "AWS::Serverless-2016-10-31"
LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"


@dataclass(frozen=True, slots=True)
class _Session:
    """What the translator asks of a boto3 session; a real one would read ~/.aws."""

    region_name: str


def translate(source: Source, parameters: Mapping[str, Json], resolver: Resolver) -> JsonObject:
    """The template as CloudFormation; local code locations are absolute paths in it.

    A template without the SAM transform is returned as it is. Raises `TemplateError` when the
    translator refuses the template.
    """
    document = copy.deepcopy(source.document)
    if SAM_TRANSFORM not in _transforms(source):
        _refuse_serverless_resources(source)
        return document
    paths = LocalPaths(source, resolver)
    paths.hide(document)
    values = {**parameters, **resolver.stack.pseudo_parameters()}
    translated = _run_translator(source, document, values, resolver.stack.region)
    paths.restore(as_object(translated.get("Resources")))
    return translated


def _transforms(source: Source) -> list[str]:
    declared = source.document.get("Transform")
    names = [str(name) for name in (as_list(declared) or [declared]) if name is not None]
    for name in names:
        if name not in (SAM_TRANSFORM, LANGUAGE_EXTENSIONS):
            raise TemplateError(
                source.place("Transform"),
                f"the transform {name} is not known here",
                f"known: {SAM_TRANSFORM}, {LANGUAGE_EXTENSIONS}",
            )
    return names


def _refuse_serverless_resources(source: Source) -> None:
    for logical_id, resource in as_object(source.document.get("Resources")).items():
        kind = str(as_object(resource).get("Type"))
        if kind.startswith("AWS::Serverless::"):
            raise TemplateError(
                source.resource_place(logical_id),
                f"{kind} needs the SAM transform",
                f"add Transform: {SAM_TRANSFORM}",
            )


def _run_translator(
    source: Source, document: JsonObject, values: Mapping[str, Json], region: str
) -> JsonObject:
    # Imported late: half of the time to read a template goes into this import, and a template
    # of plain CloudFormation does not need it.
    from samtranslator.metrics.metrics import DummyMetricsPublisher, Metrics
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    # It warns that features which are tried out on AWS are not switched on here.
    logging.getLogger("samtranslator.feature_toggle").setLevel(logging.ERROR)
    session = cast("Any", _Session(region))
    metrics = Metrics("ServerlessTransform", DummyMetricsPublisher())
    try:
        translator = Translator({}, Parser(), boto_session=session, metrics=metrics)
        translated = translator.translate(
            cast("dict[str, Any]", document), dict(values), passthrough_metadata=True
        )
    except InvalidDocumentException as error:
        raise _refusal(source, [cause.message for cause in error.causes]) from None
    except Exception as error:
        # The translator trips over some malformed templates instead of refusing them.
        cause = f"the SAM translator failed: {type(error).__name__}: {error}"
        raise TemplateError(source.place("Resources"), cause) from error
    finally:
        # Goes nowhere; unpublished figures make the translator write a complaint.
        metrics.publish()
    return cast("JsonObject", translated)


def _refusal(source: Source, messages: list[str]) -> TemplateError:
    first = messages[0]
    rest = f" (and {len(messages) - 1} more)" if len(messages) > 1 else ""
    logical_id, _, cause = first.removeprefix("Resource with id [").partition("] is invalid. ")
    if not cause:
        return TemplateError(source.place("Resources"), first + rest)
    place = source.resource_place(logical_id, *_property_path(source, logical_id, cause))
    return TemplateError(place, cause + rest)


def _property_path(source: Source, logical_id: str, cause: str) -> DocumentPath:
    """The property that the translator's sentence names, which it tells in many forms."""
    start = ("Resources", logical_id, "Properties")
    paths = sorted((path for path in source.lines if path[:3] == start), key=len)
    for word in re.findall(r"[A-Z]\w+", cause):
        for path in paths:
            if path[-1] == word and len(path) > len(start):
                return path[3:]
    return ()
