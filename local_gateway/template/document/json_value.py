"""The values a template is made of."""

import json
from typing import cast

type Json = bool | int | float | str | list[Json] | dict[str, Json] | None
type JsonObject = dict[str, Json]


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
