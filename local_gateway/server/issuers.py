"""Verifies JSON Web Tokens with the public keys of their issuers.

Source: developer guide, http-api-jwt-authorizer: RSA only; keys are kept for two hours. Keys of a
Cognito user pool come from the AWS services of this run, those of other issuers from where their
OpenID configuration says.
"""

import asyncio
import json
import re
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from local_gateway.core.tokens import Claims, TokenError

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

_ALGORITHMS = ["RS256", "RS384", "RS512"]
_KEPT_MS = 2 * 60 * 60 * 1000
# A token with a new key is no reason to ask the issuer again and again.
_PAUSE_MS = 5 * 60 * 1000
_TIMEOUT = 5.0
_MOST_BYTES = 512 * 1024
# An issuer that does not answer, or answers something else.
_UNUSABLE = (OSError, HTTPException, ValueError, LookupError, TypeError, RecursionError)
_COGNITO = re.compile(r"https://cognito-idp\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/(?P<pool>[\w-]+)")


class Issuers:
    """The keys of issuers, fetched when a token needs them."""

    def __init__(self, aws_endpoint_url: str | None = None) -> None:
        self._aws_endpoint_url = aws_endpoint_url
        self._keys: dict[str, tuple[int, KeySet]] = {}

    async def claims(self, token: str, issuer: str, now: int) -> Claims:
        """The claims of a token that the issuer has signed, or `TokenError`.

        `now` is in epoch milliseconds.
        """
        # Imported late: it takes a while, and few templates need it.
        from joserfc import jws, jwt
        from joserfc.errors import JoseError

        try:
            key_id: object = jws.extract_compact(token.encode()).headers().get("kid")
        except (JoseError, ValueError, RecursionError):
            key_id = None
        if not isinstance(key_id, str):
            raise TokenError("the token is malformed")
        keys = await self._keys_with(issuer, key_id, now)
        if key_id not in {key.kid for key in keys.keys}:
            raise TokenError("the token's key is not one of its issuer")
        try:
            return jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
        except (JoseError, ValueError, RecursionError):
            raise TokenError("the token's signature is not valid") from None

    async def _keys_with(self, issuer: str, key_id: str, now: int) -> "KeySet":
        """The issuer's keys, fetched again for a key that is not among them."""
        if (kept := self._keys.get(issuer)) is not None:
            age = now - kept[0]
            is_there = key_id in {key.kid for key in kept[1].keys}
            if age < (_KEPT_MS if is_there else _PAUSE_MS):
                return kept[1]
        keys = await asyncio.to_thread(self._fetch, issuer)
        self._keys[issuer] = (now, keys)
        return keys

    def _fetch(self, issuer: str) -> "KeySet":
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        cognito = _COGNITO.fullmatch(issuer)
        try:
            if cognito is not None and self._aws_endpoint_url is not None:
                url = f"{self._aws_endpoint_url}/{cognito['pool']}/.well-known/jwks.json"
                return KeySet.import_key_set(_json(url, urllib.request.ProxyHandler({})))
            configuration = _json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            return KeySet.import_key_set(_json(str(configuration["jwks_uri"])))
        except (JoseError, *_UNUSABLE) as error:
            cause = error.reason if isinstance(error, urllib.error.URLError) else error
            raise TokenError(f"the keys of {issuer} cannot be fetched: {cause}") from None


def _json(url: str, *handlers: urllib.request.BaseHandler) -> Any:
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"{url} is not a URL of a web server")
    with urllib.request.build_opener(*handlers).open(url, timeout=_TIMEOUT) as response:
        return json.loads(response.read(_MOST_BYTES))
