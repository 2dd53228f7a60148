"""Which APIs share an origin (a port): all that a path can tell apart; and their names on AWS."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from local_gateway.core.model import Application, HttpApi, WebSocketApi


@dataclass(slots=True)
class Origin:
    """The APIs behind one port, known apart by the first segment of the path."""

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


def assign_origins(
    websocket_apis: Sequence[WebSocketApi], http_apis: Sequence[HttpApi]
) -> list[Origin]:
    """Put each API, in the template's order, on the first origin that has room for it.

    There is always at least one origin.
    """
    origins = [Origin()]
    for api in websocket_apis:
        _place(origins, api).websocket_apis.append(api)
    for http_api in http_apis:
        _place(origins, http_api).http_api = http_api
    return origins


def _place(origins: list[Origin], api: WebSocketApi | HttpApi) -> Origin:
    for origin in origins:
        if origin.has_room_for(api):
            return origin
    origins.append(Origin())
    return origins[-1]
