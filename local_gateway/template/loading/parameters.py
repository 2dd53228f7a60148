"""The values of a template's `Parameters`: defaults, given values and their constraints."""

import re
from collections.abc import Mapping

from local_gateway.template.document.errors import Place, TemplateError, did_you_mean
from local_gateway.template.document.problems import NotServedError, Problems
from local_gateway.template.document.source import (
    Json,
    JsonObject,
    Source,
    as_list,
    as_object,
    scalar_text,
)
from local_gateway.template.intrinsics.references import references

_REFERRING = ("Conditions", "Globals", "Outputs", "Resources")
_REMEDY = "give it with --parameter-overrides {name}=VALUE"


def parameter_values(
    source: Source, overrides: Mapping[str, str], problems: Problems
) -> dict[str, Json]:
    """The value of every parameter: text, or a list of texts for the list types.

    A parameter without a value, a value outside its constraints and an override of a parameter
    that does not exist are problems; any value stands for one that is missing.
    """
    declared = as_object(source.document.get("Parameters"))
    for name in overrides:
        if name not in declared:
            existing = ", ".join(declared) or "none"
            cause = f"--parameter-overrides names {name}, the template's parameters are: {existing}"
            remedy = did_you_mean(name, list(declared))
            problems.add(TemplateError(source.place("Parameters"), cause, remedy))
    values: dict[str, Json] = {}
    for name, declaration in declared.items():
        place, parameter = source.place("Parameters", name), as_object(declaration)
        values[name] = overrides.get(name, name)
        with problems.collect():
            if name in overrides:
                values[name] = checked_value(parameter, overrides[name], place)
            else:
                values[name] = _default_of(source, name, place, problems)
    return values


def _default_of(source: Source, name: str, place: Place, problems: Problems) -> Json:
    """A value of an account is needed only if something refers to it, unlike the CDK's."""
    parameter = as_object(as_object(source.document.get("Parameters")).get(name))
    default = parameter.get("Default")
    if _is_of_an_account(parameter_type(parameter, place)) and isinstance(default, str):
        sections = (source.document.get(section) for section in _REFERRING)
        if any(item.name == name for value in sections for item in references(value)):
            problems.add(
                NotServedError(
                    place,
                    f"the value is kept in the SSM parameter {default} of an account, which is "
                    "not here",
                    f"its name is used; {_REMEDY.format(name=name)}",
                )
            )
        return default
    return default_value(parameter, place, _REMEDY.format(name=name))


def default_value(declaration: JsonObject, place: Place, remedy: str) -> Json:
    """A parameter's `Default`; raises `TemplateError` with `remedy` when there is none."""
    kind, default = parameter_type(declaration, place), declaration.get("Default")
    if default is None or isinstance(default, (dict, list)):
        raise TemplateError(place, "the parameter has no default and no value", remedy)
    if _is_of_an_account(kind):
        raise TemplateError(
            place,
            f"the value is kept in the SSM parameter {default} of an account, which is not here",
            remedy,
        )
    return checked_value(declaration, scalar_text(default), place)


def checked_value(declaration: JsonObject, text: str, place: Place) -> Json:
    """`text` as the value of a parameter; raises `TemplateError` if a constraint forbids it."""
    kind = parameter_type(declaration, place)
    _check(text, declaration, place)
    if kind == "Number":
        _check_number(text, declaration, place)
    return [item.strip() for item in text.split(",")] if is_list_type(kind) else text


def parameter_type(declaration: JsonObject, place: Place) -> str:
    """A parameter's `Type`."""
    kind = declaration.get("Type")
    if not isinstance(kind, str):
        raise TemplateError(place, "the parameter has no Type", "for text write Type: String")
    return kind


def _is_of_an_account(kind: str) -> bool:
    return kind.startswith("AWS::SSM::Parameter::Value")


def is_list_type(kind: str) -> bool:
    """Whether `Ref` to a parameter of this type answers with a list."""
    return kind == "CommaDelimitedList" or "List<" in kind


def _check(text: str, declaration: JsonObject, place: Place) -> None:
    allowed = as_list(declaration.get("AllowedValues"))
    texts = [scalar_text(item) for item in allowed if isinstance(item, (str, int, float))]
    if allowed and text not in texts:
        raise TemplateError(place, f"{text!r} is not one of {', '.join(texts)}")
    pattern = declaration.get("AllowedPattern")
    if isinstance(pattern, str) and not _matches(pattern, text, place):
        raise TemplateError(place, f"{text!r} does not match AllowedPattern {pattern}")
    if declaration.get("Type") == "String":
        _check_length(text, declaration, place)


def _matches(pattern: str, text: str, place: Place) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error as error:
        raise TemplateError(place, f"AllowedPattern is no regular expression: {error}") from None


def _check_length(text: str, declaration: JsonObject, place: Place) -> None:
    least = _bound(declaration, "MinLength", place)
    most = _bound(declaration, "MaxLength", place)
    if least is not None and len(text) < least:
        raise TemplateError(place, f"{text!r} is shorter than MinLength {least:g}")
    if most is not None and len(text) > most:
        raise TemplateError(place, f"{text!r} is longer than MaxLength {most:g}")


def _check_number(text: str, declaration: JsonObject, place: Place) -> None:
    try:
        number = float(text)
    except ValueError:
        raise TemplateError(place, f"{text!r} is not a Number") from None
    least = _bound(declaration, "MinValue", place)
    most = _bound(declaration, "MaxValue", place)
    if least is not None and number < least:
        raise TemplateError(place, f"{text!r} is less than MinValue {least:g}")
    if most is not None and number > most:
        raise TemplateError(place, f"{text!r} is more than MaxValue {most:g}")


def _bound(declaration: JsonObject, name: str, place: Place) -> float | None:
    value = declaration.get(name)
    if value is None:
        return None
    try:
        return float(str(value))
    except ValueError:
        raise TemplateError(place, f"{name} is not a number") from None
