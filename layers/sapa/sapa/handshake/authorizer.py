"""The authorizer's decision: the cookie is checked here when a handshake comes."""

from collections.abc import Sequence
from dataclasses import dataclass

from sapa.lambda_events import HandshakeEvent
from sapa.login.origins import is_own_origin
from sapa.login.session import LoginSession, SessionStore, auth_tokens, find_session

type Policy = dict[str, object]


@dataclass(frozen=True, slots=True)
class Decision:
    """`session` is set when the handshake is allowed; `reason` is for the log."""

    reason: str
    session: LoginSession | None = None


def decide(
    handshake: HandshakeEvent, store: SessionStore, allowed_origins: Sequence[str], now: int
) -> Decision | None:
    """Allow or deny; `None` when there is no cookie of ours (401). `now` is epoch seconds.

    The origin is checked before the session, so that a foreign page costs no read. Raises
    `StoreError`.
    """
    tokens = auth_tokens(handshake.cookie_headers)
    if not tokens:
        return None
    if not is_own_origin(
        handshake.origins, handshake.hosts, allowed_origins, is_https=handshake.is_https
    ):
        return Decision("foreign_origin")
    if len(tokens) > 1:
        return Decision("duplicate_cookie")
    session = find_session(tokens[0], store, now)
    return Decision("session", session) if session else Decision("no_session")


def policy(decision: Decision, handshake: HandshakeEvent) -> Policy:
    """The decision as API Gateway expects it.

    The context comes back in every event of the connection; its values have to be strings.
    Source: developer guide, "Output from an API Gateway Lambda authorizer".
    """
    session = decision.session
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Allow" if session else "Deny",
        "Resource": handshake.method_arn,
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    if session is None:
        return {"principalId": "anonymous", "policyDocument": document}
    context = {
        "username": session.username,
        "endpoint": handshake.endpoint,
        "session_id": session.session_id,
        "expires_at": str(session.expires_at),
        "session_key": session.token_hash,
    }
    return {"principalId": session.username, "policyDocument": document, "context": context}
