"""A real gateway with an inspector, on a real port; its one function answers in this process."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from local_gateway.app.gateway import Gateway
from local_gateway.core.invocation import Invocation, Succeeded
from local_gateway.core.model import (
    Application,
    HttpApi,
    HttpRoute,
    HttpStage,
    Throttle,
    WebSocketApi,
    WebSocketRoute,
    WebSocketStage,
)
from local_gateway.core.ports import assign_ports
from local_gateway.core.websocket.integration import LambdaProxy
from local_gateway.core.websocket.stage import Limits
from local_gateway.inspector.inspector import Inspector
from local_gateway.inspector.site import SEGMENT, InspectorSite
from local_gateway.records import InvocationRecord, LogLine
from local_gateway.server.bound_ports import bind
from local_gateway.server.context import ServerContext
from local_gateway.server.integrations import Integrations
from local_gateway.server.interfaces import ClockAndIds
from local_gateway.server.invocations import Invocations

AT = 1_700_000_000_042
THROTTLES = {"full": {"$connect": Throttle(rate=0, burst=0)}}
"""A stage that refuses every handshake."""


class AnsweringFunction:
    """Answers every event the same and reports to the inspector, as the runtime does."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self._count = 0

    async def invoke(
        self,
        function: str,
        payload: bytes,
        /,
        *,
        trace_id: str | None = None,
        request_id: str | None = None,
    ) -> Invocation:
        """One invocation, with a line of log."""
        self._count += 1
        request_id = f"request-{self._count}"
        text = f"{len(payload)} bytes"
        self._inspector.observe(LogLine(AT, function, "stdout", text, request_id))
        invocation = Invocation(
            result=Succeeded(b'{"statusCode": 200, "body": "pong"}'),
            request_id=request_id,
            cold=False,
            duration=0.001,
        )
        self._inspector.observe(InvocationRecord.from_invocation(AT, function, invocation))
        return invocation


@dataclass(frozen=True, slots=True)
class Inspected:
    """A running gateway."""

    port: int
    inspector: Inspector
    site: InspectorSite

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def page(self) -> str:
        """Where the inspector is."""
        return f"{self.origin}/{SEGMENT}"


def application(stages: Sequence[str], http_stages: Sequence[str]) -> Application:
    """A WebSocket API that answers everything, and an HTTP API that takes every path."""
    route = WebSocketRoute(route_key="$default", integration=LambdaProxy("Pong"), two_way=True)
    websocket_api = WebSocketApi(
        logical_id="Chat",
        api_id="chat123456",
        route_selection_expression="$request.body.action",
        routes={route.route_key: route},
        stages=tuple(
            WebSocketStage(name=name, throttles=THROTTLES.get(name, {})) for name in stages
        ),
    )
    http_api = HttpApi(
        logical_id="Pages",
        api_id="page123456",
        routes=(HttpRoute(route_key="$default", function="Pong"),),
        stages=tuple(HttpStage(name=name) for name in http_stages),
    )
    return Application(
        stack_name="tests",
        account_id="123456789012",
        region="us-east-1",
        partition="aws",
        functions={},
        websocket_apis=(websocket_api,),
        http_apis=(http_api,),
        outputs={"PageUrl": "http://localhost/"},
    )


@asynccontextmanager
async def inspected_gateway(
    stages: Sequence[str] = ("dev", "full"),
    http_stages: Sequence[str] = ("$default",),
    *,
    is_mounted: bool = True,
) -> AsyncIterator[Inspected]:
    """Serve until the end of the `async with` block."""
    served = application(stages, http_stages)
    clock = ClockAndIds()
    inspector = Inspector()
    async with AsyncExitStack() as stack:
        function, observe = AnsweringFunction(inspector), inspector.observe
        invocations = Invocations(function, clock=clock, observe=observe)
        stack.push_async_callback(invocations.close)
        integrations = Integrations(function, clock=clock, observe=observe)
        stack.push_async_callback(integrations.close)
        sockets = bind(("127.0.0.1",), 0)
        port = sockets[0].getsockname()[1]
        context = ServerContext(
            invocations=invocations,
            integrations=integrations,
            clock=clock,
            observe=observe,
            limits=Limits(),
        )
        gateway = Gateway([(sockets, port)], context)
        gateway.deploy(served, assign_ports(served))
        site = InspectorSite(inspector, gateway, lambda: {"outputs": dict(gateway.outputs)})
        if is_mounted:
            gateway.mount(SEGMENT, site.handle)
        await gateway.start()
        stack.push_async_callback(gateway.close)
        stack.push_async_callback(site.close)
        yield Inspected(port, inspector, site)
