"""Reads a template file into plain values, with CloudFormation's short tags and line numbers."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import cast

import yaml

from local_gateway.template.document.errors import Place, TemplateError, did_you_mean

type Json = bool | int | float | str | list[Json] | dict[str, Json] | None
type JsonObject = dict[str, Json]

MAX_NODES = 100_000
_PLAIN_TAGS = frozenset({"Ref", "Condition"})
_FUNCTION_TAGS = frozenset(
    {
        "And",
        "Base64",
        "Cidr",
        "Equals",
        "FindInMap",
        "GetAZs",
        "GetAtt",
        "If",
        "ImportValue",
        "Join",
        "Length",
        "Not",
        "Or",
        "Select",
        "Split",
        "Sub",
        "ToJsonString",
        "Transform",
    }
)
_YAML_TAG = "tag:yaml.org,2002:"
_NOT_IN_YAML = re.compile(r"\t|\\u[0-9a-fA-F]{4}")


def as_object(value: object) -> JsonObject:
    """`value` if it is an object, else an empty object."""
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[Json]:
    """`value` if it is a list, else an empty list."""
    return cast("list[Json]", value) if isinstance(value, list) else []


def scalar_text(value: str | bool | int | float) -> str:
    """A scalar as CloudFormation passes it on where a string is wanted: `true`, `3600`."""
    if isinstance(value, str):
        return value
    return json.dumps(value)


# What a property of CloudFormation is called in the SAM resource that it was made from.
SAM_NAMES: Mapping[str, str] = {
    "AuthorizerUri": "AuthArn",
    "Code": "CodeUri",
    "Content": "ContentUri",
    "DeadLetterConfig": "DeadLetterQueue",
    "EventSourceArn": "Queue",
    "EventPattern": "Pattern",
    "IntegrationUri": "FunctionArn",
    "KmsKeyId": "KmsKeyArn",
    "ScheduleExpression": "Schedule",
    "TimeoutInMillis": "IntegrationTimeout",
    "TracingConfig": "Tracing",
}

type DocumentPath = tuple[str | int, ...]
type _Loader = yaml.CSafeLoader


@dataclass(frozen=True, kw_only=True)
class Source:
    """A template as written: its values and the line (from 1) of every key and list item.

    The logical ids of a nested template have `prefix` before them, such as `Nested/`.
    """

    path: Path
    document: JsonObject
    lines: Mapping[DocumentPath, int] = field(default_factory=dict)
    prefix: str = ""
    warnings: tuple[str, ...] = ()

    def line(self, *document_path: str | int) -> int | None:
        """The line of the longest part of `document_path` that exists in the file."""
        for length in range(len(document_path), 0, -1):
            if (line := self.lines.get(document_path[:length])) is not None:
                return line
        return None

    def place(self, *document_path: str | int) -> Place:
        """A place outside the resources, such as `Parameters`, `Stage`."""
        shown = ".".join(str(part) for part in document_path) or None
        return Place(file=self.path, line=self.line(*document_path), property=shown)

    def resource_place(self, logical_id: str, *properties: str | int) -> Place:
        """A place in a resource; that of a generated resource is in the one SAM made it from."""
        origin = self.origin(logical_id)
        start = ("Resources", origin.rpartition("/")[2], "Properties")
        if properties and (*start, *properties) not in self.lines:
            properties = self._written(start, logical_id, properties)
        return Place(
            file=self.path,
            line=self._global_line(start[1], properties) or self.line(*start, *properties),
            resource=origin,
            property=".".join(str(part) for part in properties) or None,
        )

    def _written(
        self, start: DocumentPath, logical_id: str, properties: DocumentPath
    ) -> DocumentPath:
        """The property of SAM that a generated property was made from, if it can be said.

        Of several that have the name, it is the one whose route or event is part of the generated
        logical id.
        """
        if not self._type(str(start[1])).startswith("AWS::Serverless::"):
            return properties
        name = SAM_NAMES.get(str(properties[0]), properties[0])
        names = (properties[0], name)
        written = self._property_paths.get(str(start[1]), ())
        candidates = [path for path in written if path[-1] in names]
        if not candidates:
            is_renamed = self._type(str(start[1])) == "AWS::Serverless::Function"
            return (name, *properties[1:]) if is_renamed else properties
        generated = logical_id.rpartition("/")[2].removeprefix(str(start[1])).lower()

        def likeness(path: DocumentPath) -> tuple[int, int]:
            parts = [str(part).lstrip("$").lower() for part in path[:-1]]
            return sum(len(part) for part in parts if part in generated), -len(path)

        path = max(candidates, key=likeness)
        deeper = (*path, *properties[1:])
        return deeper if (*start, *deeper) in self.lines or len(path) == 1 else path

    def _global_line(self, own_id: str, properties: DocumentPath) -> int | None:
        """The line of a property that a resource takes from `Globals`."""
        kind = self._type(own_id).rpartition("::")[2]
        if not properties or ("Resources", own_id, "Properties", properties[0]) in self.lines:
            return None
        paths = (("Globals", kind, *properties[:end]) for end in range(len(properties), 0, -1))
        return next((self.lines[path] for path in paths if path in self.lines), None)

    def _type(self, own_id: str) -> str:
        resource = as_object(as_object(self.document.get("Resources")).get(own_id))
        return str(resource.get("Type"))

    def is_written(self, logical_id: str) -> bool:
        """Whether a resource is in the file; if not, SAM has made it."""
        own_id = logical_id.rpartition("/")[2]
        return own_id in as_object(self.document.get("Resources"))

    def origin(self, logical_id: str) -> str:
        """The logical id in the file that `logical_id` was made from: SAM appends to ids."""
        own_id = logical_id.rpartition("/")[2]
        resources = as_object(self.document.get("Resources"))
        beginnings = (own_id[:length] for length in range(len(own_id), 0, -1))
        return self.prefix + next((name for name in beginnings if name in resources), own_id)

    @cached_property
    def _property_paths(self) -> Mapping[str, list[DocumentPath]]:
        """The paths below `Properties`, by logical id: a large template asks for many places."""
        paths: dict[str, list[DocumentPath]] = {}
        for section, own_id, part, *path in (path for path in self.lines if len(path) > 3):
            if section == "Resources" and part == "Properties":
                paths.setdefault(str(own_id), []).append(tuple(path))
        return paths


def load_source(path: Path) -> Source:
    """Read a template file.

    Raises `TemplateError` when the file is missing, is not YAML or JSON, or is not an object.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise TemplateError(Place(file=path), "there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(Place(file=path), f"cannot be read: {error}") from None
    return parse_source(text, path)


def parse_source(text: str, path: Path) -> Source:
    """Parse the text of a template; `path` is used in messages only."""
    values = _json(text)
    # YAML reads JSON, and so tells the lines, but for tabs and half characters, which hold none.
    loader = yaml.CSafeLoader(text if values is None else _NOT_IN_YAML.sub(" ", text))
    builder = _Builder(loader, path)
    try:
        node = loader.get_single_node()
        written = builder.build(node, ()) if node is not None else None
        document = written if values is None else values
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, path) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise TemplateError(Place(file=path), f"is neither YAML nor JSON: {error}") from None
    finally:
        loader.dispose()
    if not isinstance(document, dict):
        raise TemplateError(
            Place(file=path), "is not a template", "expected an object with a Resources section"
        )
    return Source(
        path=path, document=document, lines=builder.lines, warnings=tuple(builder.warnings)
    )


def _json(text: str) -> Json:
    try:
        return cast("Json", json.loads(text))
    except (ValueError, RecursionError):
        return None


def _syntax_error(error: yaml.MarkedYAMLError, path: Path) -> TemplateError:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark is not None else None
    problem = " ".join(part for part in (error.problem, error.context) if part)
    return TemplateError(Place(file=path, line=line), f"is not valid YAML: {problem}")


class _Builder:
    """Turns YAML nodes into values; keys stay text, short tags become their long form."""

    def __init__(self, loader: _Loader, path: Path) -> None:
        self.lines: dict[DocumentPath, int] = {}
        self.warnings: list[str] = []
        self._loader = loader
        self._path = path
        self._open: set[int] = set()
        self._count = 0

    def build(self, node: yaml.Node, path: DocumentPath) -> Json:
        self._count += 1
        if self._count > MAX_NODES:
            raise self._error(node, f"the template has more than {MAX_NODES} values")
        if id(node) in self._open:
            raise self._error(node, "a YAML alias refers to itself")
        if node.tag.startswith("!"):
            return self._tagged(node, path)
        return self._plain(node, path)

    def _plain(self, node: yaml.Node, path: DocumentPath) -> Json:
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            if isinstance(node, yaml.SequenceNode):
                return self._sequence(node, path)
            return self._scalar(cast("yaml.ScalarNode", node))
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, path: DocumentPath) -> JsonObject:
        node.value = self._last_of_each_key(node)
        self._loader.flatten_mapping(node)
        result: JsonObject = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            result[key] = self.build(value_node, (*path, key))
        return result

    def _last_of_each_key(self, node: yaml.MappingNode) -> list[tuple[yaml.Node, yaml.Node]]:
        """The members of an object; of a key that occurs twice the last counts, as on AWS."""
        members: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        merged: list[tuple[yaml.Node, yaml.Node]] = []
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error(key_node, "a key must be text")
            key = str(key_node.value)
            if key_node.tag == f"{_YAML_TAG}merge":
                merged.append((key_node, value_node))
                continue
            if key in members:
                place = Place(file=self._path, line=key_node.start_mark.line + 1)
                self.warnings.append(f"{place}: the key {key} occurs twice; the last one counts")
            members[key] = (key_node, value_node)
        return [*merged, *members.values()]

    def _sequence(self, node: yaml.SequenceNode, path: DocumentPath) -> list[Json]:
        result: list[Json] = []
        for index, item in enumerate(node.value):
            self.lines[(*path, index)] = item.start_mark.line + 1
            result.append(self.build(item, (*path, index)))
        return result

    def _scalar(self, node: yaml.ScalarNode) -> Json:
        text = str(node.value)
        match node.tag.removeprefix(_YAML_TAG):
            case "null":
                return None
            case "bool":
                return bool(self._loader.construct_yaml_bool(node))
            case "int":
                return int(self._loader.construct_yaml_int(node))
            case "float":
                return float(self._loader.construct_yaml_float(node))
        # Dates stay text: AWSTemplateFormatVersion and policy versions are such strings.
        return text

    def _tagged(self, node: yaml.Node, path: DocumentPath) -> Json:
        name = node.tag.removeprefix("!")
        if name not in _PLAIN_TAGS | _FUNCTION_TAGS:
            tags = [f"!{tag}" for tag in _PLAIN_TAGS | _FUNCTION_TAGS]
            raise self._error(
                node, f"unknown tag {node.tag}", did_you_mean(node.tag, tags) or "remove it"
            )
        key = name if name in _PLAIN_TAGS else f"Fn::{name}"
        value: Json
        if isinstance(node, yaml.ScalarNode):
            value = str(node.value)
        else:
            value = self._plain(node, (*path, key))
        if name == "GetAtt" and isinstance(value, str):
            value = list(value.split(".", 1))
        return {key: value}

    def _error(self, node: yaml.Node, cause: str, remedy: str = "") -> TemplateError:
        return TemplateError(Place(file=self._path, line=node.start_mark.line + 1), cause, remedy)
