"""Decides on handshakes: whose cookie it is, and whether the page may use it."""

import time
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.handshake.authorizer import Decision, Policy, decide, policy
from sapa.lambda_events import HandshakeEvent
from sapa.observability import Metric, count, logged, logger, websocket_ids
from sapa.processes.endpoints import DEFAULT_ENDPOINT
from sapa.services import services, warm_up


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Policy:
    """Answer an authorizer event with a policy, or with `Unauthorized` without a cookie of ours."""
    answer = _answer(event, context)
    if answer is None:
        # API Gateway answers 401 to exactly this message and 500 to any other.
        raise Exception("Unauthorized")  # noqa: TRY002
    return answer


@logged(websocket_ids)
def _answer(event: dict[str, Any], context: LambdaContext) -> Policy | None:
    parts = services()
    handshake = HandshakeEvent.from_event(event, DEFAULT_ENDPOINT)
    decision = decide(handshake, parts.sessions, parts.allowed_origins, int(time.time()))
    _log(decision, handshake)
    return None if decision is None else policy(decision, handshake)


def _log(decision: Decision | None, handshake: HandshakeEvent) -> None:
    if decision is not None and decision.session is not None:
        username = decision.session.username
        logger.info("handshake allowed", username=username, endpoint=handshake.endpoint)
        return
    reason = "no_cookie" if decision is None else decision.reason
    count(Metric.HANDSHAKE_REFUSED)
    logger.info("handshake refused", reason=reason, endpoint=handshake.endpoint)


warm_up(lambda parts: parts.sessions)
