"""Tokens, verified with keys that an issuer serves over HTTP."""

import asyncio
import base64
import socketserver
import threading
from collections.abc import Iterator

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from local_gateway.core.tokens import Claims, TokenError
from local_gateway.server.issuers import Issuers
from tests.support.issuer import Issuer

HOUR = 60 * 60 * 1000


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer() as running:
        yield running


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


LIST_AS_KEY_ID = f"{encoded('{"alg": "RS256", "kid": []}')}.e30.e30"
DEEP = f"{encoded('[' * 20_000)}.e30.e30"


def claims(issuers: Issuers, token: str, issuer: str, now: int = 0) -> Claims:
    return asyncio.run(issuers.claims(token, issuer, now))


def problem(token: str, issuer: str) -> str:
    with pytest.raises(TokenError) as raised:
        claims(Issuers(), token, issuer)
    return str(raised.value)


def test_a_token_of_the_issuer_has_claims(issuer: Issuer) -> None:
    assert claims(Issuers(), issuer.token(), issuer.url)["sub"] == "ana"


def test_keys_are_kept_for_two_hours_and_fetched_for_a_new_one(issuer: Issuer) -> None:
    issuers = Issuers()
    claims(issuers, issuer.token(), issuer.url)
    claims(issuers, issuer.token(), issuer.url, now=2 * HOUR - 1)
    assert len(issuer.requests) == 2
    claims(issuers, issuer.token(), issuer.url, now=2 * HOUR)
    assert len(issuer.requests) == 4
    issuer.add_key("second")
    claims(issuers, issuer.token("second"), issuer.url, now=3 * HOUR)
    assert len(issuer.requests) == 6


def test_tokens_with_unknown_keys_do_not_flood_the_issuer(issuer: Issuer) -> None:
    issuers = Issuers()
    key = RSAKey.generate_key(2048, {"kid": "other"})
    foreign = jwt.encode({"alg": "RS256", "kid": "other"}, {"iss": issuer.url}, key)
    for _ in range(3):
        with pytest.raises(TokenError, match="not one of its issuer"):
            claims(issuers, foreign, issuer.url)
    assert len(issuer.requests) == 2


def test_a_signature_of_another_key_is_refused(issuer: Issuer) -> None:
    key = RSAKey.generate_key(2048, {"kid": "first"})
    forged = jwt.encode({"alg": "RS256", "kid": "first"}, {"iss": issuer.url}, key)
    assert problem(forged, issuer.url) == "the token's signature is not valid"


def test_only_rsa_counts(issuer: Issuer) -> None:
    key = OctKey.import_key("a secret that is long enough for it")
    symmetric = jwt.encode({"alg": "HS256", "kid": "first"}, {"iss": issuer.url}, key)
    assert problem(symmetric, issuer.url) == "the token's signature is not valid"
    head = base64.urlsafe_b64encode(b'{"alg":"none","kid":"first"}').decode().rstrip("=")
    unsigned = f"{head}.e30."
    assert problem(unsigned, issuer.url) == "the token's signature is not valid"


@pytest.mark.parametrize(
    "token", ["", "a", "a.b.c", "é.é.é", "e30.e30.", "W10.e30.x", LIST_AS_KEY_ID, DEEP]
)
def test_what_is_no_token_is_refused(issuer: Issuer, token: str) -> None:
    assert problem(token, issuer.url).startswith("the token")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "file:///etc", "https://"])
def test_an_issuer_that_does_not_answer_is_named(url: str, issuer: Issuer) -> None:
    assert problem(issuer.token(), url).startswith(f"the keys of {url} cannot be fetched: ")


@pytest.mark.parametrize(
    "content", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[]"]
)
def test_an_issuer_that_answers_something_else_is_named(content: bytes, issuer: Issuer) -> None:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(content)

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        assert problem(issuer.token(), url).startswith(f"the keys of {url} cannot be fetched: ")
        server.shutdown()


@pytest.mark.parametrize("document", [[], {}, {"keys": [{}]}, {"keys": 5}, {"keys": [5]}])
def test_keys_that_are_none_are_named(document: object, issuer: Issuer) -> None:
    pool = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool"
    issuer.keys_document = document
    try:
        with pytest.raises(TokenError):
            claims(Issuers(issuer.url.removesuffix("/tenant")), issuer.token(), pool)
    finally:
        issuer.keys_document = None


def test_user_pools_are_those_of_this_run(issuer: Issuer) -> None:
    pool = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool"
    aws = issuer.url.removesuffix("/tenant")
    assert claims(Issuers(aws), issuer.token(), pool)["sub"] == "ana"
    assert issuer.requests == ["/us-east-1_pool/.well-known/jwks.json"]
