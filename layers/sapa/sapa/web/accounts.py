"""Login, logout and the session: the cookie's life."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Protocol

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.shared.cookies import Cookie, SameSite
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from sapa.connections.connection import Connection, ConnectionStore, connections_of_session
from sapa.connections.sender import MessageSender
from sapa.errors import (
    ConnectionGoneError,
    DeliveryError,
    InvalidCredentialsError,
    LoginError,
    NewPasswordRefusedError,
    NewPasswordRequiredError,
    QueueError,
    RequestError,
    StoreError,
    TooManyAttemptsError,
    UnsupportedChallengeError,
)
from sapa.login.cookies import COOKIE_NAME, auth_tokens
from sapa.login.origins import is_own_origin
from sapa.login.passwords import CredentialChecker
from sapa.login.sessions import LoginSession, SessionStore, end_session, find_session, start_session
from sapa.metric import Metric
from sapa.observability import count, logger
from sapa.web.requests import HttpRequest
from sapa.web.responses import json_response


class AccountServices(Protocol):
    """What login and logout need; `now` is epoch seconds."""

    @property
    def sessions(self) -> SessionStore: ...
    @property
    def connections(self) -> ConnectionStore: ...
    @property
    def credentials(self) -> CredentialChecker: ...
    @property
    def sender(self) -> MessageSender: ...
    @property
    def allowed_origins(self) -> tuple[str, ...]: ...
    @property
    def session_lifetime_seconds(self) -> int: ...
    def forget(self, connection_id: str) -> None: ...
    def now(self) -> int: ...
    def new_token(self) -> str: ...
    def new_session_id(self) -> str: ...


def _is_user_name(text: str) -> str:
    """Cognito's own rule: letters, marks, symbols, numbers and punctuation."""
    if any(unicodedata.category(character)[0] not in "LMSNP" for character in text):
        raise ValueError("must have no spaces or control characters")
    return text


class LoginRequest(BaseModel):
    """The body of `POST /auth/login`; `new_password` replaces a temporary one."""

    model_config = ConfigDict(extra="forbid", strict=True)

    username: Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_is_user_name)]
    password: Annotated[str, Field(min_length=1, max_length=256)]
    new_password: Annotated[str, Field(min_length=1, max_length=256)] | None = None


def _login_request(body: bytes) -> LoginRequest:
    try:
        return LoginRequest.model_validate_json(body)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
    if details[0]["type"] == "json_invalid":
        raise RequestError(400, "invalid_json", "The body is not JSON.")
    if not details[0]["loc"]:
        raise RequestError(400, "not_an_object", 'Send {"username": "…", "password": "…"}.')
    fields = {str(detail["loc"][0])[:64]: detail["msg"] for detail in details[:20]}
    expected = "Expected are username, password and, to replace a temporary one, new_password."
    raise RequestError(400, "invalid_request", expected, fields=fields)


_REFUSALS: Mapping[type[LoginError], RequestError] = {
    InvalidCredentialsError: RequestError(
        401, "invalid_credentials", "The user name or the password is wrong."
    ),
    TooManyAttemptsError: RequestError(
        429, "too_many_attempts", "Too many attempts. Wait a while, then try again."
    ),
    NewPasswordRequiredError: RequestError(
        403,
        "new_password_required",
        "The password is temporary: log in again with it and with new_password.",
    ),
    UnsupportedChallengeError: RequestError(
        403, "challenge_not_supported", "This user needs a way to log in that is not offered here."
    ),
}


def _refusal(error: LoginError) -> RequestError:
    if isinstance(error, NewPasswordRefusedError):
        fields = {"new_password": error.policy}
        return RequestError(400, "new_password_refused", error.policy, fields=fields)
    if type(error) in _REFUSALS:
        return _REFUSALS[type(error)]
    logger.error("the user pool did not answer", exc_info=error)
    return RequestError(503, "unavailable", "Logging in does not work at the moment.")


def _cookie(token: str, max_age: int) -> Cookie:
    return Cookie(
        name=COOKIE_NAME,
        value=token,
        path="/",
        secure=True,
        http_only=True,
        same_site=SameSite.LAX_MODE,
        max_age=max_age,
    )


@dataclass(frozen=True, slots=True)
class Accounts:
    """The routes below `/auth`; all raise `RequestError` and `StoreError`."""

    services: AccountServices

    def login(self, request: HttpRequest) -> Response[str]:
        """Trade a password for a cookie."""
        services = self.services
        self._refuse_foreign_page(request)
        wanted = _login_request(request.json_body())
        try:
            username = services.credentials.check(
                wanted.username, wanted.password, wanted.new_password
            )
        except LoginError as error:
            refusal = _refusal(error)
            count(Metric.LOGIN_REFUSED)
            # Not the name that was typed: it may be a password.
            logger.info("login refused", reason=refusal.code)
            raise refusal from error
        token = services.new_token()
        lifetime = services.session_lifetime_seconds
        session = start_session(
            username,
            services.sessions,
            token=token,
            session_id=services.new_session_id(),
            expires_at=services.now() + lifetime,
        )
        count(Metric.LOGIN_GRANTED)
        logger.info("login granted", username=username)
        return json_response(_shown(session), cookies=[_cookie(token, lifetime)])

    def session(self, request: HttpRequest) -> Response[str]:
        """Who the cookie belongs to."""
        tokens = auth_tokens(request.cookie_headers)
        services = self.services
        if len(tokens) == 1:
            session = find_session(tokens[0], services.sessions, services.now())
            if session is not None:
                return json_response(_shown(session))
        raise RequestError(401, "no_session", "Log in first: POST /auth/login.")

    def logout(self, request: HttpRequest) -> Response[str]:
        """End the sessions of all cookies sent, and close their sockets."""
        # A foreign form brings no cookie (it is `Lax`), but the answer would delete it.
        self._refuse_foreign_page(request)
        for token in auth_tokens(request.cookie_headers):
            session = end_session(token, self.services.sessions)
            if session is not None:
                logger.info("logged out", username=session.username)
                self._close_sockets(session)
        return Response(
            status_code=204,
            headers={"Cache-Control": "no-store"},
            cookies=[_cookie("", 0)],
        )

    def _refuse_foreign_page(self, request: HttpRequest) -> None:
        if not is_own_origin(request.origins, request.hosts, self.services.allowed_origins):
            raise RequestError(403, "foreign_origin", "This page may not log in or out here.")

    def _close_sockets(self, session: LoginSession) -> None:
        """Close what can be closed: the session itself has ended already."""
        services = self.services
        try:
            open_connections = connections_of_session(
                services.connections, session.username, session.session_id, services.now()
            )
            for connection in open_connections:
                self._close(connection)
        except (StoreError, QueueError):
            logger.exception("the sockets of a session were not all closed or forgotten")

    def _close(self, connection: Connection) -> None:
        try:
            self.services.sender.close(connection.connection_id)
        except ConnectionGoneError as gone:
            self.services.forget(gone.connection_id)
        except DeliveryError:
            logger.exception("a socket was not closed")


def _shown(session: LoginSession) -> dict[str, object]:
    return {"username": session.username, "expires_at": session.expires_at}
