"""Which names mean the gateway, and that no other name or port is touched."""

import socket
import ssl
import sys
from pathlib import Path
from typing import Any

import pytest

from local_gateway.runtime.child.python.plain_http import PlainObject, PlainSocket, use_plain_http
from local_gateway.runtime.child.python.redirection import (
    decode_hosts,
    encode_hosts,
    find_host,
    when_imported,
)

HOST = "abcdefghij.execute-api.us-east-1.amazonaws.com"
OTHER = "bbcdefghij.execute-api.us-east-1.amazonaws.com"
HERE = ("127.0.0.1", 8080)
SERVICES = ("127.0.0.1", 5000)

type Lookups = list[tuple[Any, Any]]


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> Lookups:
    """What reaches the resolver after the redirection; the originals come back afterwards."""
    seen: Lookups = []

    def resolver(host: Any, port: Any, *args: Any, **options: Any) -> list[object]:
        seen.append((host, port))
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", ssl.SSLContext.wrap_socket)
    monkeypatch.setattr(ssl.SSLContext, "wrap_bio", ssl.SSLContext.wrap_bio)
    use_plain_http(lambda name: find_host({HOST: HERE, ".amazonaws.com": SERVICES}, name))
    return seen


def test_the_variable_holds_every_host() -> None:
    hosts = {HOST: HERE, OTHER: ("::1", 8081)}
    assert decode_hosts(encode_hosts(hosts)) == hosts
    assert decode_hosts(encode_hosts({HOST.upper(): HERE})) == {HOST: HERE}
    assert decode_hosts("") == {}


@pytest.mark.parametrize("host", [HOST, HOST.upper(), HOST.encode(), f"{HOST}."])
@pytest.mark.parametrize("port", [443, "443", b"443", "https", 80, "http"])
def test_an_address_of_an_api_is_here(lookups: Lookups, host: str | bytes, port: int | str) -> None:
    socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    assert lookups == [HERE]


@pytest.mark.parametrize(
    "host",
    [
        "dynamodb.us-east-1.amazonaws.com",
        "STS.amazonaws.com",
        "bucket.with.dots.s3.eu-west-1.amazonaws.com",
        "123456789012.ddb.us-east-1.amazonaws.com",
    ],
)
def test_other_services_are_the_aws_services_of_the_run(lookups: Lookups, host: str) -> None:
    socket.getaddrinfo(host, 443)
    assert lookups == [SERVICES]


@pytest.mark.parametrize(
    ("host", "port"),
    [
        (OTHER, 443),
        (f"x{HOST}", 443),
        (f"x.{HOST}", 443),
        (f"{HOST}.example.org", 443),
        ("execute-api.us-east-1.amazonaws.com", 443),
        ("dynamodb.us-east-1.amazonaws.com", 8000),
        ("amazonaws.com", 443),
        ("dynamodb.us-east-1.amazonaws.com.example.org", 443),
        ("notamazonaws.com", 443),
        (HOST, 8443),
        (HOST, None),
        (None, 443),
        ("localhost", "443"),
    ],
)
def test_everything_else_is_looked_up_as_before(
    lookups: Lookups, host: str | None, port: int | str | None
) -> None:
    socket.getaddrinfo(host, port)
    assert lookups == [(host, port)]


@pytest.mark.usefixtures("lookups")
def test_a_socket_to_an_api_is_passed_through() -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    context = ssl.create_default_context()
    wrapped: socket.socket = context.wrap_socket(ours, server_hostname=HOST.upper())
    with wrapped as plain, theirs:
        assert isinstance(plain, PlainSocket)
        assert plain.gettimeout() == 5
        plain.sendall(b"out")
        theirs.sendall(b"in")
        assert theirs.recv(10) == b"out"
        assert plain.read(10) == b"in"
        assert (plain.version(), plain.selected_alpn_protocol()) == (None, None)
        assert plain.getpeercert()["subjectAltName"] == (("DNS", HOST),)


@pytest.mark.usefixtures("lookups")
def test_a_socket_to_elsewhere_is_secured() -> None:
    context = ssl.create_default_context()
    with (
        socket.socket() as sock,
        context.wrap_socket(sock, do_handshake_on_connect=False, server_hostname=OTHER) as secured,
    ):
        assert isinstance(secured, ssl.SSLSocket)


@pytest.mark.usefixtures("lookups")
def test_asyncio_s_buffers_for_an_api_are_passed_through() -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    plain: object = context.wrap_bio(incoming, outgoing, server_hostname=HOST)
    assert isinstance(plain, PlainObject)
    plain.do_handshake()
    plain.write(b"out")
    assert outgoing.read() == b"out"
    with pytest.raises(ssl.SSLWantReadError):
        plain.read(10)
    incoming.write(b"incoming")
    assert plain.read(2) == b"in"
    buffer = bytearray(4)
    assert plain.read(100, buffer) == 4
    assert bytes(buffer) == b"comi"
    assert plain.pending() == 2
    incoming.write_eof()
    assert (plain.read(10), plain.read(10)) == (b"ng", b"")


@pytest.mark.usefixtures("lookups")
def test_asyncio_s_buffers_for_elsewhere_are_secured() -> None:
    context = ssl.create_default_context()
    secured = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=OTHER)
    assert isinstance(secured, ssl.SSLObject)


def test_the_action_follows_the_module_s_own_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "awaited_by_the_test"
    (tmp_path / f"{name}.py").write_text("READY = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    finders, seen = list(sys.meta_path), []
    when_imported(name, lambda: seen.append(vars(sys.modules[name]).get("READY")))
    __import__("base64")
    assert seen == [], "another module's import"
    try:
        __import__(name)
        __import__(name)
        assert seen == [True], "once, when its code has run"
        assert sys.meta_path == finders, "nothing stays behind"
        when_imported(name, lambda: seen.append("at once"))
        assert seen == [True, "at once"]
    finally:
        sys.modules.pop(name, None)
