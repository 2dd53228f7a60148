"""Which APIs share a port, as far as their paths differ; and the names of APIs on AWS."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from local_gateway.core.model import Application, HttpApi, WebSocketApi


@dataclass(slots=True)
class ApiPort:
    """The APIs of a port; the first segment of the path says which of them is meant."""

    websocket_apis: list[WebSocketApi] = field(default_factory=list)
    http_api: HttpApi | None = None

    def _stage_names(self) -> set[str]:
        names = {stage.name for api in self.websocket_apis for stage in api.stages}
        http_stages = self.http_api.stages if self.http_api is not None else ()
        return names | {stage.name for stage in http_stages}

    def has_room_for(self, api: WebSocketApi | HttpApi) -> bool:
        """Whether no path of `api` is a path of another API here already."""
        if isinstance(api, HttpApi) and self.http_api is not None:
            return False
        return not self._stage_names() & {stage.name for stage in api.stages}

    def api_ids(self) -> list[str]:
        """The ids of the APIs."""
        http = [self.http_api.api_id] if self.http_api is not None else []
        return [api.api_id for api in self.websocket_apis] + http


def domain_name(api_id: str, application: Application) -> str:
    """The host name that an API has on AWS, which is the `domainName` of its events."""
    return f"{api_id}.execute-api.{application.region}.{url_suffix(application.partition)}"


def url_suffix(partition: str) -> str:
    """The domain of AWS's endpoints in a partition."""
    return "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"


def assign_ports(
    websocket_apis: Sequence[WebSocketApi], http_apis: Sequence[HttpApi]
) -> list[ApiPort]:
    """Put each API, in the template's order, on the first port that has room for it.

    There is always at least one port.
    """
    ports = [ApiPort()]
    for api in websocket_apis:
        _place(ports, api).websocket_apis.append(api)
    for http_api in http_apis:
        _place(ports, http_api).http_api = http_api
    return ports


def _place(ports: list[ApiPort], api: WebSocketApi | HttpApi) -> ApiPort:
    for port in ports:
        if port.has_room_for(api):
            return port
    ports.append(ApiPort())
    return ports[-1]
