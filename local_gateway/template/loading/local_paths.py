"""Local paths on their way through the SAM translator.

The translator knows code in S3 only, so every local path travels as a key of a bucket that does
not exist, and comes back as an absolute path in `Code` or `Content` afterwards.
"""

from pathlib import Path

from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.json_value import Json, JsonObject, as_object
from local_gateway.template.document.source import Source, load_source
from local_gateway.template.intrinsics.resolver import Resolver

BUCKET = "code-on-this-machine"

_FUNCTION = "AWS::Serverless::Function"
_LAYER = "AWS::Serverless::LayerVersion"
_HTTP_API = "AWS::Serverless::HttpApi"
_APPLICATION = "AWS::Serverless::Application"
_RESTORED = {"AWS::Lambda::Function": "Code", "AWS::Lambda::LayerVersion": "Content"}


class LocalPaths:
    """Hides the local paths of one template and brings them back; use one instance per load."""

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
            elif resource.get("Type") == _HTTP_API:
                self._read_definition(logical_id, properties)
            elif resource.get("Type") == _APPLICATION and "Location" in properties:
                self._resolve_location(logical_id, properties)

    def restore(self, resources: JsonObject) -> None:
        """Put the paths back into translated resources, as texts in `Code` or `Content`."""
        for declared in resources.values():
            resource = as_object(declared)
            key = _RESTORED.get(str(resource.get("Type")))
            properties = as_object(resource.get("Properties"))
            if key is None or (location := as_object(properties.get(key))) == {}:
                continue
            if location.get("S3Bucket") == BUCKET:
                properties[key] = str(self._paths[int(str(location["S3Key"]))])

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
            raise TemplateError(place, "the definition is in S3, not here", "use a local file")
        del properties["DefinitionUri"]
        properties["DefinitionBody"] = load_source(self._directory / uri).document
