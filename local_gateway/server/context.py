"""What the servers of all APIs share."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from local_gateway.core.websocket.stage import Limits
from local_gateway.records import Observe
from local_gateway.server.faults import FaultInjector
from local_gateway.server.integrations import Integrations
from local_gateway.server.interfaces import ClockAndIds
from local_gateway.server.invocations import Invocations
from local_gateway.server.issuers import Issuers
from local_gateway.server.signatures import SigningKey


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerContext:
    """`signing_keys`, by access key id, are those that signatures are verified with.

    Without them a signature has to be there but may be anybody's. Without `faults` nothing goes
    wrong on purpose.
    """

    invocations: Invocations
    integrations: Integrations
    clock: ClockAndIds
    observe: Observe
    limits: Limits
    issuers: Issuers = field(default_factory=Issuers)
    signing_keys: Mapping[str, SigningKey] | None = None
    faults: FaultInjector | None = None
