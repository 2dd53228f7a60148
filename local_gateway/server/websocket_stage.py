"""A WebSocket API's stage on the wire: upgrades and the `@connections` management API."""

import itertools
from collections.abc import Mapping
from functools import partial

from aiohttp import web

from local_gateway.core import management
from local_gateway.core.http import Handshake, Identity
from local_gateway.core.iam.sigv4 import SignedRequest, verify_signature
from local_gateway.core.ids import is_well_formed_id
from local_gateway.core.management import ManagementResponse
from local_gateway.core.model import Application
from local_gateway.core.ports import domain_name
from local_gateway.core.websocket.actions import RefuseHandshake
from local_gateway.core.websocket.connection import Connection
from local_gateway.core.websocket.stage import Stage
from local_gateway.records import ApiRecord, Observe
from local_gateway.server.faults import Fate
from local_gateway.server.interfaces import Faults, NoFaults, Sources
from local_gateway.server.invocations import Invocations
from local_gateway.server.protocol import TOO_LARGE, BodyError, read_body
from local_gateway.server.responses import json_message
from local_gateway.server.session import Session
from local_gateway.server.upgrade import (
    UpgradeResponse,
    handshake_of,
    is_upgrade,
    malformed,
    signed_request,
)

MANAGEMENT_SEGMENT = "@connections"
METHODS = frozenset({"POST", "GET", "DELETE"})


class WebSocketStageServer:
    """Serves one stage; its connections are known to no other stage.

    With `secrets`, access key ids and their secret keys, the signatures of management calls are
    verified; without, they have to be there but may be anybody's.
    """

    def __init__(
        self,
        application: Application,
        stage: Stage,
        *,
        invocations: Invocations,
        sources: Sources,
        observe: Observe,
        secrets: Mapping[str, str] | None = None,
        faults: Faults | None = None,
    ) -> None:
        self._application = application
        self._secrets = secrets
        self.stage = stage
        self._invocations = invocations
        self._sources = sources
        self._observe = observe
        self._faults = faults or NoFaults()
        self._numbers = itertools.count(1)
        self._sessions: dict[str, Session] = {}

    @property
    def domain_name(self) -> str:
        """The host name that the API has on AWS."""
        return domain_name(self.stage.api.api_id, self._application)

    async def upgrade(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer `GET /{stage}`: 101 and a served socket, or the status of the refusal."""
        if not is_upgrade(request):
            return json_message(426, "Upgrade Required", {"Upgrade": "websocket"})
        problem = malformed(request)
        if problem is not None:
            return json_message(400, problem)
        session = self._new_session(handshake_of(request))
        connection_id = session.connection.connection_id
        self._sessions[connection_id] = session
        try:
            return await self._serve(session, request)
        finally:
            del self._sessions[connection_id]

    async def _serve(self, session: Session, request: web.BaseRequest) -> web.StreamResponse:
        decision = await session.handshake()
        if isinstance(decision, RefuseHandshake):
            return json_message(decision.status, decision.message)
        response = UpgradeResponse(session, decision.subprotocol)
        await response.prepare(request)
        await session.finished
        return response

    async def manage(self, request: web.BaseRequest, segment: str) -> web.Response:
        """Answer `/{stage}/@connections/{id}`."""
        try:
            call = signed_request(request, await read_body(request))
        except BodyError as error:
            if error.status != TOO_LARGE:
                raise
            response = management.payload_too_large()
            self._record(request.method, management.connection_id_of(segment), response.status)
        else:
            response = self.answer(call, segment, tuple(request.query.items()))
        return _answer(response, self._sources.new_id())

    def answer(
        self, call: SignedRequest, segment: str, query: tuple[tuple[str, str], ...] = ()
    ) -> ManagementResponse:
        """Carry out a management call; `segment` is the path's last, `query` is decoded."""
        connection_id = management.connection_id_of(segment)
        response = self._answer(call, connection_id, query)
        self._record(call.method, connection_id, response.status)
        return response

    def _answer(
        self, call: SignedRequest, connection_id: str, query: tuple[tuple[str, str], ...]
    ) -> ManagementResponse:
        problem = self._signature_problem(call, query)
        if problem is not None:
            return management.forbidden(problem)
        if call.method not in METHODS:
            return management.forbidden(management.MISSING_TOKEN)
        if not is_well_formed_id(connection_id):
            return management.malformed(connection_id)
        session = self._sessions.get(connection_id)
        if session is None:
            return management.gone()
        match call.method:
            case "POST":
                return self._post(session, call.body)
            case "GET":
                return session.connection.describe()
            case _:
                response, actions = session.connection.delete(self._sources.moment())
        session.perform(actions)
        return response

    def _post(self, session: Session, data: bytes) -> ManagementResponse:
        refusal = session.fate.refusal() if session.connection.is_open else None
        if refusal is not None:
            return refusal
        now = self._sources.now()
        response, actions = session.connection.post(data, now, session.buffered)
        session.perform(actions * session.fate.copies() if actions else actions)
        return response

    def _signature_problem(
        self, call: SignedRequest, query: tuple[tuple[str, str], ...]
    ) -> str | None:
        if self._secrets is None:
            return management.signature_problem(call.headers, query)
        region = self._application.region
        return verify_signature(call, self._secrets, region=region, now=self._sources.now())

    def open_connections(self) -> list[Connection]:
        """The connections whose handshake was accepted and that nobody has closed."""
        connections = (session.connection for session in self._sessions.values())
        return [connection for connection in connections if connection.is_open]

    def close_connection(self, connection_id: str) -> bool:
        """Close one as `DELETE` does, for who needs no signature; false when it is not open."""
        session = self._sessions.get(connection_id)
        if session is None or not session.connection.is_open:
            return False
        response, actions = session.connection.delete(self._sources.moment())
        session.perform(actions)
        self._record("DELETE", connection_id, response.status)
        return True

    def shut_down(self) -> None:
        """Close every socket because the gateway stops."""
        for session in list(self._sessions.values()):
            session.shut_down()

    def _new_session(self, handshake: Handshake) -> Session:
        connection = Connection(self.stage, self._identity(handshake), handshake)
        return Session(
            connection,
            invocations=self._invocations,
            sources=self._sources,
            observe=self._observe,
            fate=partial(Fate, self._faults, (self.stage.name, next(self._numbers))),
        )

    def _identity(self, handshake: Handshake) -> Identity:
        application, api = self._application, self.stage.api
        agents = handshake.header_values("User-Agent")
        return Identity(
            api_id=api.api_id,
            stage=self.stage.name,
            stage_variables=tuple(self.stage.settings.variables.items()),
            domain_name=self.domain_name,
            connection_id=self._sources.new_id(),
            connected_at=self._sources.now(),
            source_ip=handshake.source_ip,
            user_agent=agents[-1] if agents else None,
            partition=application.partition,
            region=application.region,
            account_id=application.account_id,
        )

    def _record(self, method: str, connection_id: str | None, status: int) -> None:
        record = ApiRecord(
            at=self._sources.now(),
            api="management",
            route_key=f"{method} {MANAGEMENT_SEGMENT}",
            outcome=str(status),
            connection_id=connection_id,
            problem=status >= 400 and status != 410,
        )
        self._observe(record)


def foreign_management_call() -> web.Response:
    """403 for `@connections` of a stage that does not exist here, or without a connection."""
    return _answer(management.forbidden("Forbidden"), Sources().new_id())


def _answer(response: ManagementResponse, request_id: str) -> web.Response:
    headers = {**dict(response.headers), "x-amzn-RequestId": request_id}
    return web.Response(status=response.status, headers=headers, body=response.body)
