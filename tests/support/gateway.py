"""A real gateway in a thread of its own: real sockets, real functions' processes."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from secrets import token_hex
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config
from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient
from websockets.sync.client import ClientConnection, connect

from local_gateway.core.model import Application
from local_gateway.core.websocket.stage import Limits, Stage
from local_gateway.runtime.service import LambdaRuntime
from local_gateway.runtime.settings import RuntimeSettings
from local_gateway.server.bound_ports import bind
from local_gateway.server.context import ServerContext
from local_gateway.server.faults import FaultInjectingInvoker, FaultInjector, Faults
from local_gateway.server.http_api import HttpApiServer
from local_gateway.server.integrations import Integrations
from local_gateway.server.interfaces import ClockAndIds, Invoker
from local_gateway.server.invocations import Invocations
from local_gateway.server.listener import Listener
from local_gateway.server.protocol import RequestLimits
from local_gateway.server.rest_api import RestApiServer
from local_gateway.server.router import Router
from local_gateway.server.signatures import SigningKey
from local_gateway.server.websocket_stage import WebSocketStageServer
from tests.support.applications import LIMITS, REGION
from tests.support.raw_client import RawClient
from tests.support.recorder import Recorder

MOST_ENVIRONMENTS = 3
START_SECONDS = 30.0
ACCESS_KEY, SECRET_KEY = "local", "secret"


@dataclass(frozen=True, slots=True)
class Opened:
    """A client's open socket and the id that its handlers see."""

    socket: ClientConnection
    connection_id: str


class RunningGateway:
    """Serves an application until the end of its `with` block.

    `limits` are the stages' quotas by stage name, `request_limits` those of a single request,
    `signing_keys` those that management calls have to be signed with (any, if there are none),
    `faults` what goes wrong (nothing, if there are none). Integrations with AWS services call
    `aws_endpoint_url`.
    """

    def __init__(
        self,
        application: Application,
        *,
        limits: Mapping[str, Limits] = LIMITS,
        request_limits: RequestLimits | None = None,
        signing_keys: Mapping[str, SigningKey] | None = None,
        faults: Faults | None = None,
        aws_endpoint_url: str = "",
    ) -> None:
        self.recorder = Recorder()
        self._application = application
        self._limits = limits
        self._request_limits = request_limits
        self._signing_keys = signing_keys
        self._faults = faults
        self._aws_endpoint_url = aws_endpoint_url
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self._session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)
        self._clients: dict[tuple[str, Config | None], ApiGatewayManagementApiClient] = {}
        self._thread = threading.Thread(target=self._loop.run_forever, name="gateway")
        self.address = ("127.0.0.1", 0)

    def __enter__(self) -> Self:
        self._thread.start()
        self.call(self._start())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for client in self._clients.values():
            client.close()
        self.call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def call[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the gateway's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_SECONDS)

    @property
    def authority(self) -> str:
        """Host and port."""
        return f"{self.address[0]}:{self.address[1]}"

    def connect(self, path: str, **options: Any) -> ClientConnection:
        """Open a socket with the `websockets` library; `path` begins with the stage."""
        options = {"compression": None, "proxy": None, "ping_interval": None, **options}
        opened: ClientConnection = connect(f"ws://{self.authority}/{path}", **options)
        return opened

    @contextmanager
    def open(self, stage: str = "dev", query: str = "", **options: Any) -> Iterator[Opened]:
        """Open a socket on a stage that has a `$connect` function."""
        tag = token_hex(8)
        path = f"{stage}?tag={tag}{f'&{query}' if query else ''}"
        with self.connect(path, **options) as socket:
            yield Opened(socket, self.connection_id(tag))

    def lead_home(self, host: str) -> None:
        """Let integrations that name a host of AWS call this gateway."""
        self._integrations.hosts = {host: self.address}

    def connection_id(self, tag: str) -> str:
        """The connection that was opened with `tag=…` in its query string."""
        return self.recorder.wait_for("connect", _has_tag(tag)).connection_id

    def raw(self, *, receive_buffer: int | None = None) -> RawClient:
        """A TCP connection."""
        return RawClient(self.address, receive_buffer=receive_buffer)

    def raw_socket(self, stage: str = "dev") -> tuple[RawClient, str]:
        """An open socket on the level of bytes, and its connection id."""
        tag = token_hex(8)
        client = self.raw()
        assert client.upgrade(f"/{stage}?tag={tag}").status == 101
        return client, self.connection_id(tag)

    def management(
        self, stage: str = "dev", config: Config | None = None
    ) -> ApiGatewayManagementApiClient:
        """A client of a stage's management API, as a handler would make it."""
        if (stage, config) not in self._clients:
            self._clients[stage, config] = self._session.client(
                "apigatewaymanagementapi",
                endpoint_url=f"http://{self.authority}/{stage}",
                config=config,
            )
        return self._clients[stage, config]

    def disconnected(self, connection_id: str) -> tuple[int, str]:
        """Code and reason of the `$disconnect` event, waiting for it."""
        printed = self.recorder.wait_for(
            "disconnect", lambda printed: printed.connection_id == connection_id
        )
        context = printed.context
        return context["disconnectStatusCode"], context["disconnectReason"]

    async def _close(self) -> None:
        await self._stack.aclose()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:  # as asyncio.run does: requests whose bodies are still discarded
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _start(self) -> None:
        sockets = bind((self.address[0],), 0)
        self.address = (self.address[0], sockets[0].getsockname()[1])
        runtime = LambdaRuntime(
            self._application.functions,
            region=self._application.region,
            settings=RuntimeSettings(max_environments_per_function=MOST_ENVIRONMENTS),
            observe=self.recorder.observe,
        )
        await runtime.start()
        self._stack.push_async_callback(runtime.close)
        clock = ClockAndIds()
        invoker: Invoker = runtime
        faults: FaultInjector | None = None
        if self._faults is not None:
            faults = FaultInjector(self._faults, observe=self.recorder.observe, clock=clock)
            invoker = FaultInjectingInvoker(
                runtime, faults, clock=clock, kill=runtime.kill_idle_environment
            )
        invocations = Invocations(invoker, clock=clock, observe=self.recorder.observe)
        self._stack.push_async_callback(invocations.close)
        integrations = Integrations(
            runtime,
            clock=clock,
            observe=self.recorder.observe,
            aws_endpoint_url=self._aws_endpoint_url,
        )
        self._integrations = integrations
        self._stack.push_async_callback(integrations.close)
        router = Router(clock, self.recorder.observe)
        listener = Listener(
            sockets,
            router.handle,
            clock=clock,
            observe=self.recorder.observe,
            limits=self._request_limits,
        )
        await listener.start()
        self._stack.push_async_callback(listener.close)
        context = ServerContext(
            invocations=invocations,
            integrations=integrations,
            clock=clock,
            observe=self.recorder.observe,
            limits=Limits(),
            signing_keys=self._signing_keys,
            faults=faults,
        )
        self._serve(router, context)

    def _serve(self, router: Router, context: ServerContext) -> None:
        stages = {
            settings.name: WebSocketStageServer(
                self._application,
                Stage(api, settings, self._limits.get(settings.name, context.limits)),
                context,
            )
            for api in self._application.websocket_apis
            for settings in api.stages
        }
        (http_api,) = self._application.http_apis
        http = HttpApiServer(self._application, http_api, context, port=self.address[1])
        rest_stages = {
            stage.name: RestApiServer(self._application, api, stage, context)
            for api in self._application.rest_apis
            for stage in api.stages
        }
        router.serve(stages, http, rest_stages)
        for stage in stages.values():
            self._stack.callback(stage.shut_down)


def _has_tag(tag: str) -> Callable[[Any], bool]:
    def fits(printed: Any) -> bool:
        return bool(printed.content.get("queryStringParameters", {}).get("tag") == tag)

    return fits
