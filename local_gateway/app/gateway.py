"""Serves the APIs of an application on their ports, and replaces it by a changed one."""

import socket
from collections.abc import Iterator, Mapping, Sequence

from local_gateway.app.addresses import api_hosts
from local_gateway.core.model import Application, WebSocketApi
from local_gateway.core.ports import ApiPort
from local_gateway.core.websocket.connection import Connection
from local_gateway.core.websocket.stage import Stage
from local_gateway.server.context import ServerContext
from local_gateway.server.http_api import HttpApiServer
from local_gateway.server.integrations import Integrations
from local_gateway.server.listener import Listener
from local_gateway.server.protocol import Handler
from local_gateway.server.rest_api import RestApiServer
from local_gateway.server.router import Router
from local_gateway.server.websocket_stage import WebSocketStageServer

type StageKey = tuple[str, str]


class Gateway:
    """A listener per origin; open sockets survive a new deployment."""

    def __init__(
        self, ports: Sequence[tuple[list[socket.socket], int]], context: ServerContext
    ) -> None:
        self._context = context
        self._sockets = [sockets for sockets, _ in ports]
        self._stages: dict[StageKey, WebSocketStageServer] = {}
        self._outputs: Mapping[str, str] = {}
        self._resources: Mapping[str, str] = {}
        self._origins: list[tuple[Listener, Router, int]] = []
        for sockets, port in ports:
            router = Router(context.clock, context.observe)
            listener = Listener(
                sockets,
                router.handle,
                clock=context.clock,
                observe=context.observe,
            )
            self._origins.append((listener, router, port))

    async def start(self) -> None:
        """Accept requests on every port."""
        for listener, _, _ in self._origins:
            await listener.start()

    def deploy(self, application: Application, origins: Sequence[ApiPort]) -> None:
        """Serve `application`; stages that it still has keep their connections, others close them.

        As on AWS, the next message of an open connection is handled by the new deployment.
        """
        before, self._stages = self._stages, {}
        self._outputs = application.outputs
        self._resources = application.resources
        for (_, router, port), origin in zip(self._origins, origins, strict=False):
            stages: dict[str, WebSocketStageServer] = {}
            for api in origin.websocket_apis:
                for server in self._servers(application, api, before):
                    stages[server.stage.name] = server
            http_server = self._http_server(application, origin, port)
            rest_stages = {
                stage.name: RestApiServer(application, rest_api, stage, self._context)
                for rest_api in origin.rest_apis
                for stage in rest_api.stages
            }
            router.serve(stages, http_server, rest_stages)
        for server in before.values():
            server.shut_down()
        self.integrations.hosts = api_hosts(application, origins, self._sockets)

    def _servers(
        self,
        application: Application,
        api: WebSocketApi,
        before: dict[StageKey, WebSocketStageServer],
    ) -> list[WebSocketStageServer]:
        servers: list[WebSocketStageServer] = []
        for settings in api.stages:
            key = (api.logical_id, settings.name)
            server = before.pop(key, None)
            if server is None:
                stage = Stage(api, settings, self._context.limits)
                server = WebSocketStageServer(application, stage, self._context)
            else:
                server.stage.redeploy(api, settings)
            self._stages[key] = server
            servers.append(server)
        return servers

    def _http_server(
        self, application: Application, origin: ApiPort, port: int
    ) -> HttpApiServer | None:
        if origin.http_api is None:
            return None
        return HttpApiServer(application, origin.http_api, self._context, port=port)

    @property
    def integrations(self) -> Integrations:
        """What calls the integrations that are no Lambda proxies."""
        return self._context.integrations

    def mount(self, segment: str, handler: Handler) -> None:
        """Let `handler` answer `/segment` and all paths below it, on the first port."""
        _, router, _ = self._origins[0]
        router.mount(segment, handler)

    @property
    def outputs(self) -> Mapping[str, str]:
        """The outputs of the served template."""
        return self._outputs

    @property
    def resources(self) -> Mapping[str, str]:
        """The physical ids of its data resources, by logical id."""
        return self._resources

    def open_connections(self) -> Iterator[Connection]:
        """Every open connection of every API."""
        for server in self._stages.values():
            yield from server.open_connections()

    def close_connection(self, connection_id: str) -> bool:
        """Close a connection like `DELETE @connections`; false when it is not open."""
        return any(server.close_connection(connection_id) for server in self._stages.values())

    async def close(self) -> None:
        """Close every socket and stop listening."""
        for server in self._stages.values():
            server.shut_down()
        for listener, _, _ in self._origins:
            await listener.close()
