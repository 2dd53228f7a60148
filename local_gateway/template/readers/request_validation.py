"""Request validators of REST APIs, from OpenAPI documents and from methods.

Sources: developer guide, api-gateway-method-request-validation; OpenAPI 2.0 and 3.0.1.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from local_gateway.core.json_schema import schema_problem
from local_gateway.core.model import RequestValidation
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.readers.properties import Properties

_VALIDATORS = "x-amazon-apigateway-request-validators"
_VALIDATOR = "x-amazon-apigateway-request-validator"
_JSON = "application/json"
_PLACES = {"header": "header", "query": "querystring", "path": "path"}


def openapi_validation(
    document: Properties, path: Properties, operation: Properties
) -> RequestValidation | None:
    """What the validator of an operation, or of the whole document, looks at."""
    name = operation.optional_text(_VALIDATOR) or document.optional_text(_VALIDATOR)
    if name is None:
        return None
    validators = document.section(_VALIDATORS)
    if name not in validators.values:
        raise TemplateError(operation.place(_VALIDATOR), f"there is no validator {name}")
    validator = validators.section(name)
    parameters = [*path.objects("parameters"), *operation.objects("parameters")]
    validates_parameters = validator.flag("validateRequestParameters")
    models = _openapi_models(document, operation, parameters)
    return RequestValidation(
        parameters=tuple(_required(parameters)) if validates_parameters else (),
        models=dict(models) if validator.flag("validateRequestBody") else {},
    )


def method_validation(
    method: Properties, validator: Properties, models: Mapping[str, Properties]
) -> RequestValidation:
    """What a validator looks at in requests to a method; models by name."""
    schemas: dict[str, Mapping[str, Any]] = {}
    for content_type, name in method.text_map("RequestModels").items():
        if name in models:
            schemas[content_type.lower()] = _model_schema(models[name])
        elif name not in ("Empty", "Error"):  # every API has these
            place = method.place("RequestModels", content_type)
            raise TemplateError(place, f"there is no model named {name}")
    parameters = method.section("RequestParameters")
    required = tuple(name for name in parameters.values if parameters.flag(name))
    return RequestValidation(
        parameters=required if validator.flag("ValidateRequestParameters") else (),
        models=schemas if validator.flag("ValidateRequestBody") else {},
    )


def _required(parameters: list[Properties]) -> Iterator[str]:
    for parameter in parameters:
        place = _PLACES.get(parameter.optional_text("in") or "")
        if place is not None and parameter.flag("required"):
            yield f"method.request.{place}.{parameter.text('name')}"


def _openapi_models(
    document: Properties, operation: Properties, parameters: list[Properties]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The models of the body: a parameter in OpenAPI 2, `requestBody` in OpenAPI 3."""
    for parameter in parameters:
        if parameter.optional_text("in") == "body":
            for content_type in operation.texts("consumes") or (_JSON,):
                yield content_type.lower(), _schema(document, parameter)
    for content_type, content in operation.section("requestBody").sections("content"):
        yield content_type.lower(), _schema(document, content)


def _schema(document: Properties, owner: Properties) -> Mapping[str, Any]:
    """A schema, with the parts of the document that its references lead to."""
    schema = owner.value("schema")
    if not isinstance(schema, dict):
        raise TemplateError(owner.place("schema"), "expected a JSON schema")
    parts = {name: document.value(name) for name in ("definitions", "components")}
    return {**{name: part for name, part in parts.items() if part is not None}, **schema}


def _model_schema(model: Properties) -> Mapping[str, Any]:
    schema = model.value("Schema")
    if isinstance(schema, str):
        try:
            schema = json.loads(schema)
        except ValueError as error:
            raise TemplateError(model.place("Schema"), f"is not JSON: {error}") from None
    if not isinstance(schema, dict):
        raise TemplateError(model.place("Schema"), "expected a JSON schema")
    if (problem := schema_problem(schema)) is not None:
        raise TemplateError(model.place("Schema"), f"is not a JSON schema: {problem}")
    return schema
