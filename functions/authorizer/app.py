"""Decides on handshakes: whose cookie it is, and whether the page may use it."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.bootstrap import authorizer_services, prepare
from sapa.handshake.authorizer import Decision, Policy, decide, policy
from sapa.lambda_events import HandshakeEvent
from sapa.metric import Metric
from sapa.observability import count, logger, observed, socket_keys
from sapa.processes.endpoints import DEFAULT_ENDPOINT


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Policy:
    """Answer an authorizer event with a policy, or with `Unauthorized` when no cookie is ours."""
    answer = _answer(event, context)
    if answer is None:
        # API Gateway answers 401 to exactly this message and 500 to any other.
        raise Exception("Unauthorized")  # noqa: TRY002
    return answer


@observed(socket_keys)
def _answer(event: dict[str, Any], context: LambdaContext) -> Policy | None:
    services = authorizer_services()
    handshake = HandshakeEvent.of(event, DEFAULT_ENDPOINT)
    decision = decide(handshake, services.sessions, services.allowed_origins, services.clock())
    _tell(decision, handshake)
    return None if decision is None else policy(decision, handshake)


def _tell(decision: Decision | None, handshake: HandshakeEvent) -> None:
    if decision is not None and decision.session is not None:
        username = decision.session.username
        logger.info("handshake allowed", username=username, endpoint=handshake.endpoint)
        return
    reason = "no_cookie" if decision is None else decision.reason
    count(Metric.HANDSHAKE_REFUSED)
    logger.info("handshake refused", reason=reason, endpoint=handshake.endpoint)


prepare(authorizer_services)
