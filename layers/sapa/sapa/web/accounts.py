"""Login, logout and the session: the cookie's life."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_core import (
    CoreConfig,
    PydanticCustomError,
    SchemaValidator,
    ValidationError,
    core_schema,
)

from sapa.channels.channel import is_username
from sapa.errors import (
    InvalidCredentialsError,
    LoginError,
    NewPasswordRefusedError,
    NewPasswordRequiredError,
    RefusalError,
    StoreError,
    TooManyAttemptsError,
    UnsupportedChallengeError,
)
from sapa.login.origins import is_own_origin
from sapa.login.session import (
    COOKIE_NAME,
    LoginSession,
    auth_tokens,
    end_session,
    find_session_of_cookies,
    start_session,
)
from sapa.observability import Metric, count, logger
from sapa.web.requests import HttpRequest
from sapa.web.responses import Response, json_response

if TYPE_CHECKING:
    from sapa.services import Services

MAX_USERNAME_LENGTH = 128
MAX_PASSWORD_LENGTH = 256


def _check_username(text: str) -> str:
    if not is_username(text):
        raise PydanticCustomError("username", "must have no spaces or control characters")
    return text


# The body of `POST /auth/login`; `new_password` replaces a temporary one. Its JSON Schema is in
# `sapa.web.openapi`.
_PASSWORD = core_schema.str_schema(min_length=1, max_length=MAX_PASSWORD_LENGTH)
_USERNAME = core_schema.str_schema(min_length=1, max_length=MAX_USERNAME_LENGTH)
_LOGIN_REQUEST = SchemaValidator(
    core_schema.typed_dict_schema(
        {
            "username": core_schema.typed_dict_field(
                core_schema.no_info_after_validator_function(_check_username, _USERNAME)
            ),
            "password": core_schema.typed_dict_field(_PASSWORD),
            "new_password": core_schema.typed_dict_field(
                core_schema.with_default_schema(
                    core_schema.nullable_schema(_PASSWORD), default=None
                )
            ),
        },
        config=CoreConfig(strict=True, extra_fields_behavior="forbid"),
    )
)


def _login_request(body: bytes) -> Mapping[str, Any]:
    try:
        request: Mapping[str, Any] = _LOGIN_REQUEST.validate_json(body)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
    else:
        return request
    if details[0]["type"] == "json_invalid":
        raise RefusalError("invalid_json", "The body is not JSON.")
    if not details[0]["loc"]:
        raise RefusalError("not_an_object", 'Send {"username": "…", "password": "…"}.')
    fields = {str(detail["loc"][0])[:64]: detail["msg"] for detail in details[:20]}
    expected = "Expected are username, password and, to replace a temporary one, new_password."
    raise RefusalError("invalid_request", expected, fields)


_REFUSALS: Mapping[type[LoginError], tuple[str, str]] = {
    InvalidCredentialsError: ("invalid_credentials", "The user name or the password is wrong."),
    TooManyAttemptsError: ("too_many_attempts", "Too many attempts. Wait a while, then try again."),
    NewPasswordRequiredError: (
        "new_password_required",
        "The password is temporary: log in again with it and with new_password.",
    ),
    UnsupportedChallengeError: (
        "challenge_not_supported",
        "This user needs a way to log in that is not offered here.",
    ),
}


def _refusal(error: LoginError) -> RefusalError:
    if isinstance(error, NewPasswordRefusedError):
        fields = {"new_password": error.policy}
        return RefusalError("new_password_refused", error.policy, fields)
    if type(error) in _REFUSALS:
        return RefusalError(*_REFUSALS[type(error)])
    logger.error("the user pool did not answer", exc_info=error)
    return RefusalError("unavailable", "Logging in does not work at the moment.")


def _cookie(token: str, max_age: int) -> str:
    return f"{COOKIE_NAME}={token}; Path=/; Max-Age={max_age}; HttpOnly; Secure; SameSite=Lax"


@dataclass(frozen=True, slots=True)
class Accounts:
    """The routes below `/auth`; all raise `RefusalError` and `StoreError`."""

    services: "Services"

    def login(self, request: HttpRequest) -> Response:
        """Answer a right password with a cookie."""
        services = self.services
        self._refuse_foreign_page(request)
        login = _login_request(request.json_body())
        # 256 random bits for the cookie, 128 to name the session.
        token, session_id = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        lifetime = services.config.session_lifetime_seconds
        try:
            username = services.credentials.check(
                login["username"], login["password"], login["new_password"]
            )
            session = start_session(
                username,
                services.sessions,
                token=token,
                session_id=session_id,
                expires_at=self._now() + lifetime,
            )
            # A revocation disables the user, then deletes the sessions, perhaps all but this one.
            if not services.credentials.is_enabled(username):
                end_session(token, services.sessions)
                raise InvalidCredentialsError
        except LoginError as error:
            refusal = _refusal(error)
            count(Metric.LOGIN_REFUSED)
            # Without the name in the request: somebody may have typed a password there.
            logger.info("login refused", reason=refusal.code)
            raise refusal from error
        count(Metric.LOGIN_GRANTED)
        logger.info("login granted", username=username)
        return json_response(_as_json(session), cookies=(_cookie(token, lifetime),))

    def session(self, request: HttpRequest) -> Response:
        """The user of the cookie, and whether a handshake would be refused with 429.

        A page cannot see the status of a refused handshake; it asks here for the reason.
        """
        session = find_session_of_cookies(
            request.cookie_headers, self.services.sessions, self._now()
        )
        if session is None:
            raise RefusalError("no_session", "Log in first: POST /auth/login.")
        if self._refuses_connections(session.username):
            return json_response({**_as_json(session), "too_many_connections": True})
        return json_response(_as_json(session))

    def logout(self, request: HttpRequest) -> Response:
        """End the sessions of all cookies in the request, and close their sockets."""
        # A foreign form sends no cookie (it is `Lax`), but the answer would delete it.
        self._refuse_foreign_page(request)
        for token in auth_tokens(request.cookie_headers):
            session = end_session(token, self.services.sessions)
            if session is not None:
                logger.info("logged out", username=session.username)
                self._close_sockets(session)
        headers = {"Cache-Control": "no-store"}
        return Response(status=204, headers=headers, cookies=(_cookie("", 0),))

    def _now(self) -> int:
        return self.services.clock() // 1000

    def _refuse_foreign_page(self, request: HttpRequest) -> None:
        allowed = self.services.allowed_origins
        if not is_own_origin(request.origins, request.hosts, allowed, is_https=request.is_https):
            raise RefusalError("foreign_origin", "This page may not log in or out here.")

    def _close_sockets(self, session: LoginSession) -> None:
        """Close what can be closed: the session itself has ended already."""
        try:
            self.services.session_sockets.close(session.username, session.session_id)
        except StoreError:
            logger.exception("the sockets of a session were not all closed")

    def _refuses_connections(self, username: str) -> bool:
        services = self.services
        # Without a limit nothing is imported and read.
        return services.config.max_connections_per_user > 0 and services.connection_limit.refuses(
            username
        )


def _as_json(session: LoginSession) -> dict[str, object]:
    return {"username": session.username, "expires_at": session.expires_at}
