"""Decides on handshakes: whose cookie it is, and whether the page may use it."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.authorization import Policy, decide, policy
from sapa.bootstrap import authorizer_services
from sapa.endpoints import DEFAULT_ENDPOINT
from sapa.gateway_events import HandshakeEvent
from sapa.observability import CONNECTION_ID_PATH, count, logger, observed


@observed(CONNECTION_ID_PATH)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Policy:
    """Answer an authorizer event with a policy, or with `Unauthorized` when no cookie is ours."""
    services = authorizer_services()
    handshake = HandshakeEvent.of(event, DEFAULT_ENDPOINT)
    decision = decide(handshake, services.sessions, services.allowed_origins, services.clock())
    if decision is None:
        count("HandshakeUnauthorized")
        # API Gateway answers 401 to exactly this message and 500 to any other.
        raise Exception("Unauthorized")  # noqa: TRY002
    count("HandshakeAllowed" if decision.session else "HandshakeDenied")
    logger.info("handshake", reason=decision.reason, allowed=decision.session is not None)
    return policy(decision, handshake)
