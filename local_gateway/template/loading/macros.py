"""Expands what a template has before SAM sees it: `Fn::ForEach` and `AWS::Include`.

Other macros run in an account. A resource that uses one is left out.

Sources: CloudFormation user guide, "Fn::ForEach" (intrinsic-function-reference-foreach),
"AWS::Include transform" and "Fn::Transform".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from local_gateway.template.document.errors import Place, TemplateError
from local_gateway.template.document.problems import NotServedError, Problems
from local_gateway.template.document.source import (
    DocumentPath,
    Json,
    JsonObject,
    Source,
    as_list,
    as_object,
    load_source,
    scalar_text,
)
from local_gateway.template.intrinsics.resolver import Resolver

SAM_TRANSFORM = "AWS::Serverless-2016-10-31"
LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"
_INCLUDE = "AWS::Include"
_TRANSFORM = "Fn::Transform"
_LOOP = "Fn::ForEach"
_DEEPEST = 10
_SECTIONS_WITH_LOOPS = ("Conditions", "Outputs", "Resources")


@dataclass(frozen=True, slots=True)
class Expanded:
    """A template without macros; `files` are those that it includes.

    `left_out` are the resources that cannot be read without a macro of an account.
    """

    source: Source
    files: frozenset[Path] = frozenset()
    left_out: frozenset[str] = frozenset()


def transforms(source: Source) -> list[str]:
    """The names of the transforms of the whole template."""
    declared = source.document.get("Transform")
    items = as_list(declared) or ([] if declared is None else [declared])
    return [str(as_object(item).get("Name", item)) for item in items]


def expand(source: Source, resolver: Resolver, problems: Problems) -> Expanded:
    """`source` with loops and included files in the place of what stands for them."""
    expansion = _Expansion(source, resolver, problems, dict(source.lines))
    return expansion.expanded()


@dataclass(slots=True)
class _Expansion:
    source: Source
    resolver: Resolver
    problems: Problems
    lines: dict[DocumentPath, int]
    files: set[Path] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)

    def expanded(self) -> Expanded:
        document = dict(self.source.document)
        for item in as_list(document.get("Transform")) or [document.get("Transform")]:
            place = self.source.place("Transform")
            with self.problems.collect():
                document |= self._transformed(item, place)
        for section in document:
            value = document[section]
            if isinstance(value, dict) and section not in ("Transform", "Metadata"):
                document[section] = self._section(section, value)
        source = replace(self.source, document=document, lines=self.lines)
        return Expanded(source, frozenset(self.files), frozenset(self.left_out))

    def _transformed(self, transform: Json, place: Place) -> JsonObject:
        """The sections that a transform of the whole template adds."""
        name = str(as_object(transform).get("Name", transform))
        if transform is None or name in (SAM_TRANSFORM, LANGUAGE_EXTENSIONS):
            return {}
        if name == _INCLUDE and isinstance(transform, dict):
            return self._included(transform, place)
        raise NotServedError(
            place, f"the macro {name} is not run here", "the template is read as it is written"
        )

    def _section(self, section: str, members: JsonObject) -> JsonObject:
        expanded: JsonObject = {}
        with self.problems.collect():
            members = self._with_included(members, self.source.place(section), 0)
        for name, value in members.items():
            is_resource = section == "Resources" and not name.startswith(_LOOP)
            place = self.source.place(section, name)
            if is_resource:
                place = self.source.resource_place(name)
            try:
                expanded |= self._member(section, name, value, place)
            except NotServedError as error:
                self.problems.add(error)
                if is_resource:
                    expanded[name] = value
                    self.left_out.add(name)
            except TemplateError as error:
                self.problems.add(error)
                if is_resource:
                    expanded[name] = value
        return expanded

    def _member(self, section: str, name: str, value: Json, place: Place) -> JsonObject:
        loops = section in _SECTIONS_WITH_LOOPS
        if name.startswith(_LOOP) and loops:
            path = (section, name)
            return {
                key: self._value(item, place, 0)
                for key, item in self._loop(value, path, (section,), place, 0)
            }
        return {name: self._value(value, place, 0)}

    def _value(self, value: Json, place: Place, depth: int) -> Json:
        """`value` with everything in it expanded."""
        if isinstance(value, list):
            return [self._value(item, place, depth) for item in value]
        if not isinstance(value, dict):
            return value
        members = self._with_included(value, place, depth)
        expanded: JsonObject = {}
        for name, item in members.items():
            if name.startswith(f"{_LOOP}::"):
                for key, made in self._loop(item, (), (), place, depth):
                    expanded[key] = self._value(made, place, depth)
            else:
                expanded[name] = self._value(item, place, depth)
        return expanded

    def _with_included(self, members: JsonObject, place: Place, depth: int) -> JsonObject:
        """An object with the members that its `Fn::Transform` brings."""
        if _TRANSFORM not in members:
            return members
        if depth > _DEEPEST:
            raise TemplateError(place, "the included files include each other")
        own = {name: value for name, value in members.items() if name != _TRANSFORM}
        return self._with_included(
            {**self._included(members[_TRANSFORM], place), **own}, place, depth + 1
        )

    def _included(self, transform: Json, place: Place) -> JsonObject:
        name = str(as_object(transform).get("Name"))
        if name != _INCLUDE:
            raise NotServedError(place, f"the macro {name} is not run here", "it is left out")
        location = self.resolver.resolve(
            as_object(as_object(transform).get("Parameters")).get("Location"), place
        )
        if not isinstance(location, str) or not location:
            raise TemplateError(place, f"{_INCLUDE} has no Location")
        if location.startswith(("s3://", "https://")):
            raise NotServedError(
                place,
                f"the included file {location} is in S3, not on this machine",
                "it is left out; to serve it, give the path of a local file",
            )
        path = (self.source.path.resolve().parent / location.removeprefix("file://")).resolve()
        self.files.add(path)
        return load_source(path).document

    def _loop(
        self, loop: Json, path: DocumentPath, target: DocumentPath, place: Place, depth: int
    ) -> Iterator[tuple[str, Json]]:
        """The members that a loop makes, with the lines of what it makes them from."""
        if LANGUAGE_EXTENSIONS not in transforms(self.source):
            raise TemplateError(
                place,
                f"{_LOOP} needs the transform {LANGUAGE_EXTENSIONS}",
                f"add it to Transform, before {SAM_TRANSFORM}",
            )
        match loop:
            case [str(identifier), collection, dict(body)] if depth <= _DEEPEST:
                pass
            case _:
                raise TemplateError(
                    place,
                    f"{_LOOP} takes an identifier, a list and an object",
                    "for example [Name, [a, b], {Table${Name}: …}]",
                )
        values = self.resolver.resolve(collection, place)
        if not isinstance(values, list):
            raise TemplateError(place, f"{_LOOP}: the collection is not a list")
        for value in values:
            if value is None or isinstance(value, (list, dict)):
                raise TemplateError(place, f"{_LOOP}: the collection holds more than texts")
            variable = _Variable(identifier, scalar_text(value))
            for name, item in body.items():
                made, key = variable.replaced(item), variable.replaced_text(name)
                inner = (*path, 2, name) if path else ()
                if key.startswith(f"{_LOOP}::"):
                    yield from self._loop(made, inner, target, place, depth + 1)
                    continue
                self._copy_lines(inner, (*target, key) if path else ())
                yield key, made

    def _copy_lines(self, path: DocumentPath, target: DocumentPath) -> None:
        if path:
            below = {
                (*target, *written[len(path) :]): line
                for written, line in self.source.lines.items()
                if written[: len(path)] == path
            }
            self.lines.update(below)


@dataclass(frozen=True, slots=True)
class _Variable:
    """The identifier of a loop and its value in one turn."""

    identifier: str
    value: str

    def replaced(self, value: Json) -> Json:
        """`value` with the variable's value in place of the variable."""
        if isinstance(value, str):
            return self.replaced_text(value)
        if isinstance(value, list):
            return [self.replaced(item) for item in value]
        if isinstance(value, dict):
            if value == {"Ref": self.identifier}:
                return self.value
            return {self.replaced_text(name): self.replaced(item) for name, item in value.items()}
        return value

    def replaced_text(self, text: str) -> str:
        """`${Name}` becomes the value, `&{Name}` its letters and digits."""
        plain = re.sub(r"[^A-Za-z0-9]", "", self.value)
        return text.replace(f"&{{{self.identifier}}}", plain).replace(
            f"${{{self.identifier}}}", self.value
        )
