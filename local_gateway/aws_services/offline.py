"""Checks the parameters of data resources without a server.

boto3 checks the calls that would create the resources, and nothing is sent: each call gets an
answer of the right form. What only the service itself refuses does not show.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, override

from botocore.model import OperationModel, Shape, StructureShape

from local_gateway.aws_services.clients import MotoClients
from local_gateway.aws_services.provisioning import Provisioner
from local_gateway.template.document.problems import Problems
from local_gateway.template.intrinsics.dynamic_references import StoredValue
from local_gateway.template.loading.resource_types import DATA
from local_gateway.template.loading.template import ResourceValues, Template
from local_gateway.template.readers.resolved_template import ResolvedTemplate

_DEEPEST = 6
_STORES = ("AWS::SSM::Parameter", "AWS::SecretsManager::Secret")
_VALUES: Mapping[str, object] = {
    "blob": b"",
    "boolean": False,
    "double": 0.0,
    "float": 0.0,
    "integer": 0,
    "list": [],
    "long": 0,
    "map": {},
    "string": "-",
    "timestamp": datetime(2000, 1, 1, tzinfo=UTC),
}


@dataclass(frozen=True, slots=True)
class _Answered:
    status_code: int = 200


class OfflineClients(MotoClients):
    """Makes clients that send nothing."""

    def __init__(self, region: str) -> None:
        super().__init__("http://127.0.0.1:9", region)

    @override
    def client(self, service: str, *, connections: int = 10) -> Any:
        client = super().client(service, connections=connections)
        client.meta.events.register("before-call.*.*", _answer)
        return client


def check_data_resources(
    template: Template, region: str, given: Mapping[str, str], problems: Problems
) -> ResourceValues:
    """Add the problems of the data resources; the values are derived from their names."""
    data = frozenset(item.logical_id for item in template.served if item.type in DATA)
    derived = ResolvedTemplate(template, ResourceValues(failed=data))
    names = set[str]()
    for kind in _STORES:
        names |= {derived.ref_of(properties) for properties in derived.of_type(kind)}

    def look_up(stored: StoredValue) -> str | None:
        """Its name, if the template itself stores the value."""
        return stored.name if stored.name in names else None

    provisioner = Provisioner(OfflineClients(region), given, look_up)
    values = provisioner.provision(template, problems)
    return ResourceValues(failed=data, dynamic=values.dynamic)


def _answer(model: OperationModel, **_: object) -> tuple[_Answered, object]:
    shape = model.output_shape
    return _Answered(), _value(shape, 0) if shape is not None else {}


def _value(shape: Shape, depth: int) -> object:
    if isinstance(shape, StructureShape):
        members = shape.members.items() if depth < _DEEPEST else ()
        return {name: _value(member, depth + 1) for name, member in members}
    return _VALUES.get(shape.type_name)
