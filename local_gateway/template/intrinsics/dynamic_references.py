"""Dynamic references: `{{resolve:ssm:/name}}`, `{{resolve:secretsmanager:name:SecretString:key}}`.

CloudFormation replaces them in any text once the intrinsic functions are evaluated. Source:
CloudFormation user guide, "Get values stored in other services using dynamic references".
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from local_gateway.template.document.errors import Place, TemplateError
from local_gateway.template.document.problems import NotServedError
from local_gateway.template.document.source import Json, as_object, scalar_text

_REFERENCE = re.compile(r"\{\{resolve:([^{}]*)\}\}")
_PARTS_OF_ARN = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredValue:
    """Where a value is: a parameter or a secret, with a version, a stage or neither."""

    service: str
    name: str
    version: str = ""
    stage: str = ""

    @property
    def key(self) -> str:
        """What names it in `--resolve`."""
        return f"{self.service}:{self.name}"


# The stored value; None if it does not exist.
type LookUp = Callable[[StoredValue], str | None]
# Takes the warning about a value that does not exist.
type Report = Callable[[NotServedError], None]


def _nothing(_: StoredValue) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class DynamicReferences:
    """Replaces dynamic references by values that are `given`, or that `look_up` finds.

    With `report`, its own name stands for a value that does not exist.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    look_up: LookUp = _nothing
    report: Report | None = None

    def replaced(self, value: Json, place: Place) -> Json:
        """`value` with every reference in it replaced; raises `TemplateError` if one has none."""
        match value:
            case str():
                return _REFERENCE.sub(lambda match: self._value(match[1], place), value)
            case list():
                return [self.replaced(item, place) for item in value]
            case dict():
                return {key: self.replaced(item, place) for key, item in value.items()}
        return value

    def _value(self, reference: str, place: Place) -> str:
        service, _, rest = reference.partition(":")
        if service == "ssm" and rest:
            name, _, version = rest.rpartition(":") if re.search(r":\d+$", rest) else (rest, "", "")
            return self._stored(StoredValue(service=service, name=name, version=version), place)
        if service == "secretsmanager" and rest:
            return self._secret(rest, place)
        if service == "ssm-secure":
            raise TemplateError(
                place,
                f"{{{{resolve:{reference}}}}} is refused by AWS: ssm-secure is for passwords of "
                "databases and the like",
                "use secretsmanager, or let the function read the parameter",
            )
        raise TemplateError(
            place,
            f"{{{{resolve:{reference}}}}} is not a dynamic reference",
            "expected {{resolve:ssm:NAME}} or {{resolve:secretsmanager:NAME:SecretString:KEY}}",
        )

    def _secret(self, rest: str, place: Place) -> str:
        parts = rest.split(":")
        length = _PARTS_OF_ARN if parts[0] == "arn" else 1
        name = ":".join(parts[:length])
        kind, key, stage, version, *_ = [*parts[length:], "", "", "", ""]
        if kind not in ("", "SecretString"):
            raise TemplateError(place, f"{kind} is not allowed in a dynamic reference to a secret")
        stored = StoredValue(service="secretsmanager", name=name, version=version, stage=stage)
        text = self._stored(stored, place)
        if not key or text == stored.name:
            return text
        try:
            members = as_object(json.loads(text))
        except ValueError:
            members = {}
        value = members.get(key)
        if value is None or isinstance(value, (list, dict)):
            raise TemplateError(place, f"the secret {name} has no member {key} that is a text")
        return scalar_text(value)

    def _stored(self, stored: StoredValue, place: Place) -> str:
        value = self.given.get(stored.key)
        if value is None:
            value = self.look_up(stored)
        if value is None:
            what = "parameter" if stored.service == "ssm" else "secret"
            error = NotServedError(
                place,
                f"the {what} {stored.name} of a dynamic reference does not exist here",
                f"its name is used; give its value with --resolve {stored.key}=VALUE",
            )
            if self.report is None:
                raise error
            self.report(error)
            return stored.name
        return value
