"""Amounts of what AWS bills, by the names of the prices."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tools.cost.prices import prices

SERVICES: Mapping[str, str] = {
    "messages": "API Gateway",
    "connection_minutes": "API Gateway",
    "http_requests": "API Gateway",
    "invocations": "Lambda",
    "gb_seconds": "Lambda",
    "write_units": "DynamoDB",
    "read_units": "DynamoDB",
    "queue_requests": "SQS",
    "log_bytes": "CloudWatch Logs",
    "traces": "X-Ray",
    "edge_requests": "CloudFront",
    "edge_functions": "CloudFront",
    "edge_bytes": "CloudFront",
    "egress_bytes": "egress",
    "appsync_operations": "AppSync",
    "appsync_minutes": "AppSync",
    "fargate_cpu_hours": "Fargate",
    "fargate_gb_hours": "Fargate",
    "balancer_hours": "load balancer",
    "balancer_unit_hours": "load balancer",
    "address_hours": "addresses",
}


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of what is used; names are those of `prices.toml`."""

    amounts: Mapping[str, float] = field(default_factory=dict)

    def __add__(self, other: "Usage") -> "Usage":
        names = [*self.amounts, *(name for name in other.amounts if name not in self.amounts)]
        return Usage(
            {name: self.amounts.get(name, 0) + other.amounts.get(name, 0) for name in names}
        )

    def __mul__(self, times: float) -> "Usage":
        return Usage({name: amount * times for name, amount in self.amounts.items()})

    def dollars(self) -> dict[str, float]:
        """What it costs, by service in the order of `SERVICES`."""
        dollars: dict[str, float] = {}
        for name, service in SERVICES.items():
            if name in self.amounts:
                price = self.amounts[name] * prices()[name].each
                dollars[service] = dollars.get(service, 0.0) + price
        return dollars

    def total(self) -> float:
        """What all of it costs, in dollars."""
        return sum(self.dollars().values())
