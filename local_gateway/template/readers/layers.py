"""Layers in their directories, whether `sam build` has built them or not."""

import sys
from collections.abc import Mapping
from pathlib import Path

from local_gateway.core.model import Layer
from local_gateway.interpreters import language_of
from local_gateway.template.document.errors import Place, TemplateError
from local_gateway.template.loading.template import Resource, Template
from local_gateway.template.readers.properties import Properties
from local_gateway.template.readers.resolved_template import ResolvedTemplate


def read_layers(
    template: Template, resources: ResolvedTemplate, *, remote_functions: bool = False
) -> Mapping[str, Layer]:
    """The template's layers by ARN.

    Raises `TemplateError` for content that is missing, packed or in S3. With `remote_functions`
    such a layer is left out: it is not used here.
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
    """The directory of a `Code` or `Content` property, which is a path relative to the template."""
    value = properties.value(name)
    if value is None:
        raise TemplateError(place, f"{place.property or name} is missing")
    if not isinstance(value, str) or value.startswith(("s3://", "https://")):
        raise TemplateError(
            place, "the code is in S3, not on this machine", "give a local directory"
        )
    path = properties.source.path.parent.resolve() / value
    if not path.exists():
        raise TemplateError(place, f"there is no directory {path}")
    if not path.is_dir():
        raise TemplateError(
            place, f"{path} is not a directory", "unpack it, or give the directory it is made from"
        )
    return path.resolve()


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
