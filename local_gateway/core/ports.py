"""Which APIs share a port, as far as their paths differ; and the names of APIs on AWS."""

from dataclasses import dataclass, field

from local_gateway.core.model import Application, HttpApi, RestApi, WebSocketApi

type Api = WebSocketApi | HttpApi | RestApi


@dataclass(slots=True)
class ApiPort:
    """The APIs of a port; the first segment of the path says which of them is meant."""

    websocket_apis: list[WebSocketApi] = field(default_factory=list)
    http_api: HttpApi | None = None
    rest_apis: list[RestApi] = field(default_factory=list)

    def apis(self) -> list[Api]:
        """All APIs of the port."""
        http = [self.http_api] if self.http_api is not None else []
        return [*self.websocket_apis, *http, *self.rest_apis]

    def has_room_for(self, api: Api) -> bool:
        """Whether no path of `api` is a path of another API here already."""
        if isinstance(api, HttpApi) and self.http_api is not None:
            return False
        taken = {stage.name for other in self.apis() for stage in other.stages}
        return not taken & {stage.name for stage in api.stages}

    def api_ids(self) -> list[str]:
        """The ids of the APIs."""
        return [api.api_id for api in self.apis()]


def domain_name(api_id: str, application: Application) -> str:
    """The host name that an API has on AWS, which is the `domainName` of its events."""
    return f"{api_id}.execute-api.{application.region}.{url_suffix(application.partition)}"


def url_suffix(partition: str) -> str:
    """The domain of AWS's endpoints in a partition."""
    return "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"


def assign_ports(application: Application) -> list[ApiPort]:
    """Put each API, in the template's order, on the first port that has room for it.

    There is always at least one port.
    """
    ports = [ApiPort()]
    for api in application.websocket_apis:
        _place(ports, api).websocket_apis.append(api)
    for http_api in application.http_apis:
        _place(ports, http_api).http_api = http_api
    for rest_api in application.rest_apis:
        _place(ports, rest_api).rest_apis.append(rest_api)
    return ports


def _place(ports: list[ApiPort], api: Api) -> ApiPort:
    for port in ports:
        if port.has_room_for(api):
            return port
    ports.append(ApiPort())
    return ports[-1]
