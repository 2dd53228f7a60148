"""A WebSocket API's stage on the wire: upgrades and the `@connections` management API."""

import base64
import hashlib
from urllib.parse import unquote

from local_gateway.core import management
from local_gateway.core.http import Headers, Request, Response
from local_gateway.core.iam.signer import Signer
from local_gateway.core.ids import is_well_formed_id
from local_gateway.core.management import SignatureRefusal
from local_gateway.core.model import Application, AuthorizationType
from local_gateway.core.ports import domain_name
from local_gateway.core.timestamps import RequestStamp
from local_gateway.core.websocket.actions import RefuseHandshake
from local_gateway.core.websocket.connection import CONNECT, Connection
from local_gateway.core.websocket.events import Identity
from local_gateway.core.websocket.stage import Stage
from local_gateway.records import ApiRecord
from local_gateway.server.context import ServerContext
from local_gateway.server.faults import FaultInjectingSession
from local_gateway.server.protocol import Upgrade
from local_gateway.server.responses import json_message
from local_gateway.server.session import Session
from local_gateway.server.signatures import guard_problem, signature_problem

MANAGEMENT_SEGMENT = "@connections"
METHODS = frozenset({"POST", "GET", "DELETE"})

# RFC 6455, section 1.3
_HANDSHAKE_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_BYTES = 16
_VERSION = "13"
# RFC 6455, sections 4.2.1 and 11.3; other headers are lists, which may be cut into several.
_SENT_ONCE = ("Host", "Sec-WebSocket-Version", "Sec-WebSocket-Key")


class WebSocketStageServer:
    """Serves one stage and its connections."""

    def __init__(self, application: Application, stage: Stage, context: ServerContext) -> None:
        self.stage = stage
        self.domain_name = domain_name(stage.api.api_id, application)
        self._application = application
        self._context = context
        self._sessions: dict[str, Session] = {}

    async def upgrade(self, request: Request) -> Response | Upgrade:
        """Answer `GET /{stage}`: 101 and a served socket, or the status of the refusal."""
        if not is_upgrade(request):
            return json_message(426, "Upgrade Required", {"Upgrade": "websocket"})
        problem = _upgrade_problem(request)
        if problem is not None:
            return json_message(400, problem)
        stamp = self._context.clock.stamp()
        refusal, signer = self._signature(request, stamp)
        session = self._new_session(request, stamp, signer)
        try:
            decision = await session.handshake(stamp, refusal)
        except BaseException:
            session.shut_down()
            raise
        if isinstance(decision, RefuseHandshake):
            return json_message(decision.status, decision.message)
        headers = [
            ("Upgrade", "websocket"),
            ("Connection", "upgrade"),
            ("Sec-WebSocket-Accept", _accept(request.headers.get("Sec-WebSocket-Key") or "")),
        ]
        if decision.subprotocol:
            headers.append(("Sec-WebSocket-Protocol", decision.subprotocol))
        return Upgrade(Headers(headers), session)

    def _signature(
        self, request: Request, stamp: RequestStamp
    ) -> tuple[SignatureRefusal | None, Signer | None]:
        """Why the signature of a handshake is refused, or else who signed, if `$connect` asks."""
        route = self.stage.api.routes.get(CONNECT)
        if route is None or route.authorization_type is not AuthorizationType.AWS_IAM:
            return None, None
        problem = signature_problem(
            request, self._context.signing_keys, region=self._application.region, now=stamp.at
        )
        if problem is not None:
            return problem, None
        return None, Signer.from_request(request, self._application)

    def manage(self, request: Request, segment: str) -> Response:
        """Answer `/{stage}/@connections/{id}`; `segment` is the id, percent-encoded."""
        # Bytes that are no UTF-8 become U+FFFD, which no well-formed id contains.
        connection_id = unquote(segment)
        stamp = self._context.clock.stamp()
        response = self._answer(request, connection_id, stamp)
        self._record(request.method, connection_id, response, stamp.at)
        return with_request_id(response, stamp)

    def _answer(self, request: Request, connection_id: str, stamp: RequestStamp) -> Response:
        if request.is_too_large:
            return management.PAYLOAD_TOO_LARGE
        if guard_problem(request) is not None:
            return management.forbidden()
        problem = signature_problem(
            request, self._context.signing_keys, region=self._application.region, now=stamp.at
        )
        if problem is not None:
            return management.forbidden(problem)
        if request.method not in METHODS:
            return management.forbidden(management.MISSING_TOKEN)
        session = self._sessions.get(connection_id)
        if session is None:
            well_formed = is_well_formed_id(connection_id)
            return management.GONE if well_formed else management.malformed(connection_id)
        match request.method:
            case "POST":
                return session.post(request.body, stamp.at)
            case "GET":
                return session.connection.describe()
            case _:
                return session.delete(stamp)

    def open_connections(self) -> list[Connection]:
        """The connections whose handshake was accepted and that are not closed."""
        connections = (session.connection for session in self._sessions.values())
        return [connection for connection in connections if connection.is_open]

    def close_connection(self, connection_id: str) -> bool:
        """Close one as `DELETE` does, without a signature; false when it is not open."""
        session = self._sessions.get(connection_id)
        if session is None or not session.connection.is_open:
            return False
        stamp = self._context.clock.stamp()
        response = session.delete(stamp)
        self._record("DELETE", connection_id, response, stamp.at)
        return True

    def shut_down(self) -> None:
        """Close every socket because the gateway stops."""
        for session in list(self._sessions.values()):
            session.shut_down()

    def _new_session(self, request: Request, stamp: RequestStamp, signer: Signer | None) -> Session:
        identity = self._identity(request, stamp, signer)
        connection = Connection(self.stage, identity, request)
        context = self._context
        session = (
            Session(
                connection,
                invocations=context.invocations,
                integrations=context.integrations,
                clock=context.clock,
                observe=context.observe,
            )
            if context.faults is None
            else FaultInjectingSession(
                connection,
                invocations=context.invocations,
                integrations=context.integrations,
                clock=context.clock,
                observe=context.observe,
                injector=context.faults,
            )
        )
        self._sessions[identity.connection_id] = session
        session.finished.add_done_callback(lambda _: self._sessions.pop(identity.connection_id))
        return session

    def _identity(self, request: Request, stamp: RequestStamp, signer: Signer | None) -> Identity:
        application, api = self._application, self.stage.api
        agents = request.headers.get_all("User-Agent")
        return Identity(
            api_id=api.api_id,
            stage=self.stage.name,
            stage_variables=tuple(self.stage.settings.variables.items()),
            domain_name=self.domain_name,
            connection_id=self._context.clock.new_id(),
            connected_at=stamp.at,
            source_ip=request.source_ip,
            user_agent=agents[-1] if agents else None,
            partition=application.partition,
            region=application.region,
            account_id=application.account_id,
            caller=signer.identity() if signer is not None else (),
        )

    def _record(self, method: str, connection_id: str, response: Response, at: int) -> None:
        status = response.status
        problem = status >= 400 and status != 410
        record = ApiRecord(
            at=at,
            api="management",
            route_key=f"{method} {MANAGEMENT_SEGMENT}",
            outcome=str(status),
            connection_id=connection_id,
            detail=management.error_of(response) if problem else None,
            problem=problem,
        )
        self._context.observe(record)


def with_request_id(response: Response, stamp: RequestStamp) -> Response:
    """A response of the management API with the id that the SDKs show."""
    headers = Headers((*response.headers, ("x-amzn-RequestId", stamp.request_id)))
    return Response(response.status, headers, response.body)


def is_upgrade(request: Request) -> bool:
    """Whether the client asks for a WebSocket."""
    return "websocket" in _options(request, "Upgrade") and "upgrade" in _options(
        request, "Connection"
    )


def _options(request: Request, name: str) -> set[str]:
    """The values of a header that is a list, in lower case."""
    lines = request.headers.get_all(name)
    return {option.strip().lower() for line in lines for option in line.split(",")}


def _upgrade_problem(request: Request) -> str | None:
    """What is wrong with an upgrade request by RFC 6455, section 4.2.1; `None` if nothing."""
    if request.method != "GET":
        return f"a WebSocket is opened with GET, not {request.method}"
    if request.version != "1.1":
        return f"a WebSocket is opened with HTTP/1.1, not HTTP/{request.version}"
    for name in _SENT_ONCE:
        count = len(request.headers.get_all(name))
        if count != 1:
            return f"expected one header {name}, not {count}"
    if request.headers.get("Sec-WebSocket-Version") != _VERSION:
        return f"Sec-WebSocket-Version must be {_VERSION}"
    try:
        key = base64.b64decode(request.headers.get("Sec-WebSocket-Key") or "", validate=True)
    except ValueError:
        key = b""
    return None if len(key) == _KEY_BYTES else "Sec-WebSocket-Key must be 16 bytes in base64"


def _accept(key: str) -> str:
    digest = hashlib.sha1(key.strip().encode() + _HANDSHAKE_GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()
