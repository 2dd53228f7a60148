"""Claims of a JSON Web Token: whether they let a client in, and how a function sees them.

Sources: developer guide, http-api-jwt-authorizer, http-api-troubleshooting-jwt and
apigateway-integrate-with-cognito.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from local_gateway.core.timestamps import MONTHS

type Claims = Mapping[str, Any]

_BEARER = "bearer "
_TIMES = ("exp", "iat")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class TokenError(Exception):
    """The token does not let a client in; the text is AWS's, where it is known."""


def bare_token(value: str) -> str:
    """A token as a client sends it, without the scheme `Bearer`."""
    return value[len(_BEARER) :] if value.lower().startswith(_BEARER) else value


def check_claims(claims: Claims, *, issuer: str, audience: Sequence[str], now: float) -> None:
    """Raise `TokenError` for claims that a JWT authorizer refuses; `now` is epoch seconds.

    `client_id` counts only where there is no `aud`. An empty `audience` accepts every token.
    """
    if claims.get("iss") != issuer:
        raise TokenError("the token does not have a valid issuer")
    addressed = claims["aud"] if "aud" in claims else claims.get("client_id")
    addressees = addressed if isinstance(addressed, list) else [addressed]
    if audience and not set(audience).intersection(map(str, addressees)):
        raise TokenError("the token does not have a valid audience")
    if _seconds(claims, "exp", missing=-1.0) <= now:
        raise TokenError("the token has expired")
    if _seconds(claims, "nbf", missing=now) > now or _seconds(claims, "iat", missing=now) > now:
        raise TokenError("the token is not valid yet")


def scopes_of(claims: Claims) -> list[str]:
    """The scopes of a token: of `scope`, or of `scp`."""
    value = claims.get("scope", claims.get("scp"))
    if isinstance(value, str):
        return value.split()
    return [str(item) for item in value] if isinstance(value, list) else []


def http_claims(claims: Claims) -> dict[str, str]:
    """The claims in `requestContext.authorizer.jwt`: texts, a list as `[a b]`."""
    return {name: _text(value, "[{}]", " ") for name, value in claims.items()}


def rest_claims(claims: Claims) -> dict[str, str]:
    """The claims in `requestContext.authorizer` of a REST API: texts, a list as `a,b`.

    The times of a Cognito token are dates such as `Sat Nov 11 20:54:36 UTC 2017`.
    """
    shown = {name: _text(value, "{}", ",") for name, value in claims.items()}
    for name in _TIMES:
        if isinstance(claims.get(name), int | float):
            with suppress(ValueError, OverflowError, OSError):
                shown[name] = _date(claims[name])
    return shown


def _date(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    day, month = _DAYS[moment.weekday()], MONTHS[moment.month - 1]
    return f"{day} {month} {moment:%d %H:%M:%S} UTC {moment.year}"


def _seconds(claims: Claims, name: str, *, missing: float) -> float:
    value = claims.get(name, missing)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TokenError(f"the token's claim {name} is not a number")
    return value


def _text(value: object, form: str, separator: str) -> str:
    if isinstance(value, list):
        return form.format(separator.join(_text(item, form, separator) for item in value))
    return value if isinstance(value, str) else json.dumps(value)
