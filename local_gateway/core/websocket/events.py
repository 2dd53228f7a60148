"""The events that a Lambda proxy integration and a REQUEST authorizer of a WebSocket API receive.

Sources: developer guide, apigateway-websocket-api-route-keys-connect-disconnect,
apigateway-websocket-api-integration-requests and apigateway-websocket-api-lambda-auth; members
and their order follow captured events. Absent members are absent, never null.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_gateway.core.http import Pairs, Request, trace_header
from local_gateway.core.proxy_event import ADDED_HEADERS, added_headers, header_maps, query_maps
from local_gateway.core.timestamps import RequestStamp, common_log_time

type AuthorizerContext = Mapping[str, str | int]
type Event = dict[str, Any]

_UPGRADE_HEADERS = (("Connection", "upgrade"), ("Upgrade", "websocket"), ("content-length", "0"))
_REPLACED = ADDED_HEADERS.union(name.lower() for name, _ in _UPGRADE_HEADERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What stays the same in all events of a connection.

    `connected_at` is epoch milliseconds; `domain_name` is the host shown to handlers. `caller` has
    the members that a signature or an API key adds to `requestContext.identity`.
    """

    api_id: str
    stage: str
    stage_variables: Pairs
    domain_name: str
    connection_id: str
    connected_at: int
    source_ip: str
    user_agent: str | None
    partition: str
    region: str
    account_id: str
    caller: Pairs = ()


def connect_arn(identity: Identity) -> str:
    """`methodArn` of the `$connect` route, which an authorizer's policy has to allow."""
    return (
        f"arn:{identity.partition}:execute-api:{identity.region}:{identity.account_id}:"
        f"{identity.api_id}/{identity.stage}/$connect"
    )


def connect_event(
    identity: Identity,
    handshake: Request,
    stamp: RequestStamp,
    authorizer: AuthorizerContext | None,
) -> Event:
    """The `$connect` proxy event."""
    headers = _seen_headers(identity, handshake)
    query = handshake.query
    return {
        **header_maps(headers),
        **(query_maps(query) if query else {}),
        **_stage_variables(identity),
        "requestContext": _context(identity, stamp, "$connect", "CONNECT", authorizer),
        "isBase64Encoded": False,
    }


def authorizer_event(identity: Identity, handshake: Request, stamp: RequestStamp) -> Event:
    """The input of a REQUEST authorizer: the maps are present even when they are empty."""
    headers = (*_seen_headers(identity, handshake), *_UPGRADE_HEADERS)
    return {
        "type": "REQUEST",
        "methodArn": connect_arn(identity),
        **header_maps(headers),
        **query_maps(handshake.query),
        "stageVariables": dict(identity.stage_variables),
        "requestContext": _context(identity, stamp, "$connect", "CONNECT", None),
    }


def message_event(
    identity: Identity,
    stamp: RequestStamp,
    *,
    route_key: str,
    message_id: str,
    body: str,
    authorizer: AuthorizerContext | None,
) -> Event:
    """The event of a message route: no headers, no query, the body as it was sent."""
    context = _context(
        identity, stamp, route_key, "MESSAGE", authorizer, before_type={"messageId": message_id}
    )
    return {
        **_stage_variables(identity),
        "requestContext": context,
        "body": body,
        "isBase64Encoded": False,
    }


def disconnect_event(
    identity: Identity,
    stamp: RequestStamp,
    *,
    code: int,
    reason: str,
    authorizer: AuthorizerContext | None,
) -> Event:
    """The `$disconnect` event: four stub headers and nothing of the original handshake."""
    stubs = (
        ("Host", identity.domain_name),
        ("x-api-key", ""),
        ("X-Forwarded-For", ""),
        ("x-restapi", ""),
    )
    context = _context(
        identity,
        stamp,
        "$disconnect",
        "DISCONNECT",
        authorizer,
        before_type={"disconnectStatusCode": code},
        after_direction={"disconnectReason": reason},
    )
    return {
        **header_maps(stubs),
        **_stage_variables(identity),
        "requestContext": context,
        "isBase64Encoded": False,
    }


def _context(
    identity: Identity,
    stamp: RequestStamp,
    route_key: str,
    event_type: str,
    authorizer: AuthorizerContext | None,
    *,
    before_type: Mapping[str, str | int] = {},
    after_direction: Mapping[str, str | int] = {},
) -> Event:
    caller = {"sourceIp": identity.source_ip}
    if identity.user_agent is not None:
        caller["userAgent"] = identity.user_agent
    caller.update(identity.caller)
    return {
        "routeKey": route_key,
        **({} if authorizer is None else {"authorizer": dict(authorizer)}),
        **before_type,
        "eventType": event_type,
        "extendedRequestId": stamp.request_id,
        "requestTime": common_log_time(stamp.at),
        "messageDirection": "IN",
        **after_direction,
        "stage": identity.stage,
        "connectedAt": identity.connected_at,
        "requestTimeEpoch": stamp.at,
        "identity": caller,
        "requestId": stamp.request_id,
        "domainName": identity.domain_name,
        "connectionId": identity.connection_id,
        "apiId": identity.api_id,
    }


def _seen_headers(identity: Identity, handshake: Request) -> Pairs:
    """The client's headers in its own spelling and those that the front end adds or replaces."""
    kept = tuple(item for item in handshake.headers if item[0].lower() not in _REPLACED)
    # One trace per handshake: authorizer and $connect see the same id.
    trace = trace_header(identity.connected_at, identity.connection_id)
    return (*kept, *added_headers(handshake, trace))


def _stage_variables(identity: Identity) -> Event:
    variables = dict(identity.stage_variables)
    return {"stageVariables": variables} if variables else {}
