"""Requests to AWS services, as API Gateway sends them for integrations of the type `AWS`.

`…:SERVICE:action/NAME` calls an action by the protocol of the service, `…:SERVICE:path/…` sends
the request as it is.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from local_gateway.core.http import Headers, Response
from local_gateway.core.websocket.actions import HttpCall
from local_gateway.core.websocket.integration import AwsService

type Pairs = list[tuple[str, str]]

_AMZ_JSON = "application/x-amz-json-"
_FORM = "application/x-www-form-urlencoded"
_URI = re.compile(
    r"arn:[^:]+:apigateway:(?P<region>[^:]*):(?:[^:.]+\.)?(?P<service>[^:]+):"
    r"(?P<kind>path|action)/(?P<rest>.*)",
    re.DOTALL,
)
_UNKNOWN_OPERATION = b"<UnknownOperationException/>"
_XML_ERROR = re.compile(r"<Code>([^<]*)</Code>(?:\s*<Message>([^<]*)</Message>)?")


@dataclass(frozen=True, slots=True)
class _JsonProtocol:
    """Actions are named by `X-Amz-Target`, which API Gateway sets."""

    target: str
    version: str


@dataclass(frozen=True, slots=True)
class _QueryProtocol:
    """Actions are named by the parameter `Action`, beside those of the query and the form."""

    version: str


_PROTOCOLS: Mapping[str, _JsonProtocol | _QueryProtocol | None] = {
    "dynamodb": _JsonProtocol("DynamoDB_20120810", "1.0"),
    "events": _JsonProtocol("AWSEvents", "1.1"),
    "kinesis": _JsonProtocol("Kinesis_20131202", "1.1"),
    "s3": None,
    "sns": _QueryProtocol("2010-03-31"),
    "sqs": _QueryProtocol("2012-11-05"),
    "states": _JsonProtocol("AWSStepFunctions", "1.0"),
}
SERVICES = tuple(_PROTOCOLS)
_NOT_SERVED = {("states", "StartSyncExecution")}


def service_of(uri: str, method: str) -> AwsService | None:
    """What an integration URI names, except a function; `ValueError` for what is not served."""
    match = _URI.fullmatch(uri)
    if match is None:
        return None
    service, rest = match["service"], match["rest"]
    if service not in _PROTOCOLS:
        raise ValueError(
            f"integrations with {service} are not served; these are: lambda, {', '.join(SERVICES)}"
        )
    if match["kind"] == "path":
        return AwsService(
            service=service, region=match["region"], method=method, path=f"/{rest.lstrip('/')}"
        )
    action, _, query = rest.partition("&")
    if (service, action) in _NOT_SERVED:
        raise ValueError(f"{service}:{action} is not served: moto cannot do it")
    if _PROTOCOLS[service] is None:
        raise ValueError(f"{service} has no actions; write {service}:path/…")
    if not re.fullmatch(r"\w+", action):
        raise ValueError(f"{action or 'nothing'} is no action of {service}")
    return AwsService(
        service=service,
        region=match["region"],
        method=method,
        action=action,
        path=f"/?{query}" if query else "/",
    )


def service_request(
    service: AwsService, path: str, query: Pairs, headers: Pairs, body: bytes
) -> HttpCall | Response:
    """The request for a mapped body, or the service's refusal of a body that it cannot read.

    `path` has its parameters in place.
    """
    protocol = _PROTOCOLS[service.service]
    path, _, own_query = path.partition("?")
    query = [*parse_qsl(own_query, keep_blank_values=True), *query]
    names = {name.lower(): value for name, value in headers}
    if isinstance(protocol, _JsonProtocol):
        if (problem := _json_problem(body)) is not None:
            return problem
        if not names.get("content-type", "").startswith(_AMZ_JSON):
            # These services read nothing but JSON; some templates map the type of a form.
            headers = [pair for pair in headers if pair[0].lower() != "content-type"]
            headers.append(("Content-Type", f"{_AMZ_JSON}{protocol.version}"))
        if service.action is not None and "x-amz-target" not in names:
            headers.append(("X-Amz-Target", f"{protocol.target}.{service.action}"))
    elif isinstance(protocol, _QueryProtocol) and "x-amz-target" not in names:
        is_form = names.get("content-type", "").lower().startswith(_FORM)
        pairs = _form_pairs(service, protocol, query, body if is_form else b"")
        if pairs is None:
            return Response(404, body=_UNKNOWN_OPERATION)
        body = urlencode(pairs).encode()
        headers = [pair for pair in headers if pair[0].lower() != "content-type"]
        headers, query = [*headers, ("Content-Type", _FORM)], []
    return HttpCall(
        method=service.method,
        url=f"{path}?{urlencode(query)}" if query else path,
        headers=Headers(headers),
        body=body,
        service=service,
    )


def _json_problem(body: bytes) -> Response | None:
    try:
        json.loads(body)
    except (ValueError, RecursionError) as error:
        message = f"the mapped body is not JSON: {error}"
        answer = {"__type": "SerializationException", "message": message}
        return Response(400, body=json.dumps(answer).encode())
    return None


def _form_pairs(
    service: AwsService, protocol: _QueryProtocol, query: Pairs, form: bytes
) -> Pairs | None:
    """The parameters of the query and of the form, in one; `None` if they name no action."""
    pairs = [*query, *parse_qsl(form.decode(errors="replace").strip(), keep_blank_values=True)]
    names = {name for name, _ in pairs}
    if "Action" not in names:
        if service.action is None:
            return None
        pairs.append(("Action", service.action))
    if "Version" not in names:
        pairs.append(("Version", protocol.version))
    return pairs


def service_error(body: str) -> str:
    """Code and message of a service's error, of JSON or XML; empty if there are none."""
    if body == _UNKNOWN_OPERATION.decode():
        return (
            "UnknownOperationException: the request has no Action in its query, nor in a body "
            f"whose header Content-Type is mapped to '{_FORM}'"
        )
    if (match := _XML_ERROR.search(body)) is not None:
        return ": ".join(part for part in match.groups() if part)
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(answer, dict):
        return ""
    code = str(answer.get("__type") or answer.get("code") or "").rpartition("#")[2]
    message = answer.get("message") or answer.get("Message")
    return ": ".join(part for part in (code, str(message or "")) if part)
