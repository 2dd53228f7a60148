"""Layers in their directories, whether `sam build` has built them or not."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from local_gateway.core.model import Layer
from local_gateway.interpreters import language_of
from local_gateway.template.document.errors import Place, TemplateError
from local_gateway.template.document.problems import NotServedError
from local_gateway.template.document.source import as_object
from local_gateway.template.loading.resource_types import CODE_PROPERTIES
from local_gateway.template.loading.template import Resource, Template
from local_gateway.template.readers.archives import unpacked
from local_gateway.template.readers.properties import Properties
from local_gateway.template.readers.resolved_template import ResolvedTemplate


def read_layers(
    template: Template, resources: ResolvedTemplate, *, remote_functions: bool = False
) -> Mapping[str, Layer]:
    """The template's layers by ARN.

    Content that is missing is a problem. With `remote_functions` such a layer is left out: it is
    not used here.
    """
    layers: dict[str, Layer] = {}
    for resource in template.of_type("AWS::Lambda::LayerVersion"):
        with resources.problems.collect():
            properties = resources.properties(resource)
            place = template.place(resource, "Content")
            try:
                content = content_directory(properties, "Content", place)
            except TemplateError:
                if remote_functions:
                    continue
                raise
            layers[resources.ref_of(properties)] = Layer(
                logical_id=resource.source.origin(resource.logical_id),
                path=content,
                source_roots=_source_roots(resource, content),
                mount=_mount(resource, content),
            )
    return layers


def content_directory(properties: Properties, name: str, place: Place) -> Path:
    """The directory of a `Code` or `Content` property: a path relative to the template.

    An archive is unpacked. Code in S3 is taken from beside the template, if it is there as well.
    """
    value = properties.value(name)
    if value is None:
        raise TemplateError(place, f"{place.property or name} is missing")
    path = _path(properties, name)
    if path is None:
        raise NotServedError(
            place,
            "the code is in S3, not on this machine",
            "it is left out; to serve it, give a local folder or zip archive",
        )
    if not path.exists():
        raise TemplateError(place, f"there is no directory {path}")
    if path.is_file():
        return unpacked(path, _base(properties), place)
    return path


def archives(resources: ResolvedTemplate) -> Iterator[Path]:
    """The zip archives that hold code of the template."""
    for resource_type, name in CODE_PROPERTIES.items():
        for properties in resources.of_type(resource_type):
            with resources.problems.collect():
                path = _path(properties, name)
                if path is not None and path.is_file():
                    yield path


def _base(properties: Properties) -> Path:
    return properties.source.path.parent.resolve()


def _path(properties: Properties, name: str) -> Path | None:
    """Where the code is on this machine; None for code in S3 that is not here as well."""
    value, base = properties.value(name), _base(properties)
    if isinstance(value, str) and not value.startswith(("s3://", "https://")):
        return (base / value).resolve()
    key = str(as_object(value).get("S3Key") or "")
    return next(_copies(base, key.rpartition("/")[2]), None)


def _copies(base: Path, name: str) -> Iterator[Path]:
    """What frameworks leave beside the template of what they send to S3.

    The Serverless Framework leaves an archive of the same name, the CDK a folder or an archive
    whose name begins with `asset.`.
    """
    stem = name.rpartition(".")[0]
    for copy in (name, f"asset.{stem}", f"asset.{name}"):
        if name and (base / copy).exists():
            yield (base / copy).resolve()


def _mount(resource: Resource, content: Path) -> str:
    """The path on Lambda of the content, which may not be built yet (building-layers of SAM)."""
    method = str(resource.metadata.get("BuildMethod", ""))
    language = language_of(method)
    if language == "python" and not (content / "python").is_dir():
        return "/opt/python"
    if language == "node" and not (content / "nodejs").is_dir():
        return "/opt/nodejs"
    return "/opt"


def _source_roots(resource: Resource, content: Path) -> tuple[Path, ...]:
    """The directories that Lambda puts on `sys.path`, or will after a build (packaging-layers)."""
    python = content / "python"
    if not python.is_dir():
        if "BuildMethod" in resource.metadata:
            return (content,)
        return ()
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = python / "lib" / version / "site-packages"
    return (python, packages) if packages.is_dir() else (python,)
