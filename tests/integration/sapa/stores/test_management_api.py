"""The management API on real sockets, with everything that can happen to a post."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sapa.aws.endpoint import Retries, trust_store
from sapa.connections.sender import PostOutcome
from sapa.errors import ConnectionGoneError, DeliveryError
from sapa.stores.management_api import ManagementApiSender, ThreadedBulkSender
from tests.integration.sapa.conftest import logged
from tests.integration.sapa.faulty_api import (
    GONE,
    OK,
    FaultyApi,
    answered,
    client_of,
    failed,
    faulty_api,
)

CONNECTION_ID = "ejHATtlbE_KkAiU="


ENCODED = "ejHATtlbE_KkAiU%3D"


@pytest.fixture
def sender(api: FaultyApi, pauses: list[float]) -> Iterator[ManagementApiSender]:
    """One that waits for half a second and tries three times."""
    endpoint = client_of(api.url, "execute-api")
    yield ManagementApiSender(endpoint, Retries(attempts=3, sleep=pauses.append, jitter=lambda: 1))
    endpoint.close()


def test_frame_arrives_with_the_id_unchanged(api: FaultyApi, sender: ManagementApiSender) -> None:
    api.answers[ENCODED] = [OK, b"HTTP/1.1 204 No Content\r\n\r\n"]
    sender.post(CONNECTION_ID, '{"message": "Halo! 👋"}')
    sender.close(CONNECTION_ID)
    posted, closed = api.posted
    assert (posted.method, posted.path) == ("POST", f"/ws/@connections/{ENCODED}")
    assert posted.body.decode() == '{"message": "Halo! 👋"}'
    assert (closed.method, closed.path, closed.body) == ("DELETE", posted.path, b"")
    assert api.sockets == 1


@pytest.mark.parametrize("answer", [GONE, answered(410, "")])
def test_gone_is_told_by_the_status(
    api: FaultyApi, sender: ManagementApiSender, answer: bytes
) -> None:
    api.answers[ENCODED] = [answer]
    with pytest.raises(ConnectionGoneError) as gone:
        sender.post(CONNECTION_ID, "{}")
    assert gone.value.connection_id == CONNECTION_ID
    with pytest.raises(ConnectionGoneError):
        sender.close(CONNECTION_ID)
    assert len(api.posted) == 2


@pytest.mark.parametrize(
    ("status", "code", "tries"),
    [
        (400, "BadRequestException", 1),
        (403, "ForbiddenException", 1),
        (413, "PayloadTooLargeException", 1),
        (429, "LimitExceededException", 3),
        (500, "InternalServerError", 3),
        (503, "", 3),
    ],
)
def test_other_refusals_are_delivery_errors(
    api: FaultyApi, sender: ManagementApiSender, status: int, code: str, tries: int
) -> None:
    header = f"x-amzn-ErrorType: {code}:http://internal/\r\n" if code else ""
    api.answers[ENCODED] = [answered(status, "{}", header)]
    with pytest.raises(DeliveryError) as refused:
        sender.post(CONNECTION_ID, "{}")
    assert refused.value.connection_id == CONNECTION_ID
    assert refused.value.reason == (code or f"HTTP {status}")
    assert len(api.posted) == tries


def test_what_passes_is_tried_again(
    api: FaultyApi, sender: ManagementApiSender, pauses: list[float]
) -> None:
    api.answers[ENCODED] = [failed(429), failed(500), OK]
    sender.post(CONNECTION_ID, "{}")
    assert len(api.posted) == 3
    # The first after throttling, the second after another failure.
    assert pauses == [1.0, 0.1]


def test_silence_is_a_delivery_error(api: FaultyApi, sender: ManagementApiSender) -> None:
    api.slow.add(ENCODED)
    with pytest.raises(DeliveryError, match="TimeoutError"):
        sender.post(CONNECTION_ID, "{}")
    assert len(api.posted) == 3


DELIVERED, FAILED = PostOutcome.DELIVERED, PostOutcome.FAILED


def sender_to(url: str, read: float = 2.0) -> ThreadedBulkSender:
    """A sender; an answer may take `read` seconds."""
    endpoint = client_of(url, "execute-api", connect=1.0, read=read)
    return ThreadedBulkSender(endpoint)


@pytest.fixture
def bulk_sender(api: FaultyApi) -> Iterator[ThreadedBulkSender]:
    """One that gives a post half a second."""
    sender = sender_to(api.url, read=0.5)
    yield sender
    sender.close()


def test_a_frame_reaches_everybody_signed(api: FaultyApi, bulk_sender: ThreadedBulkSender) -> None:
    ids = [f"c{number}" for number in range(500)]
    assert bulk_sender.post_all('{"message":"Halo! 👋"}', ids, 20) == dict.fromkeys(ids, DELIVERED)
    assert sorted(api.reached) == sorted(ids)
    assert {each.body for each in api.posted} == {'{"message":"Halo! 👋"}'.encode()}
    assert {each.headers["host"] for each in api.posted} == {f"127.0.0.1:{api.port}"}
    assert {each.headers["x-amz-security-token"] for each in api.posted} == {"token"}
    assert len({each.headers["authorization"] for each in api.posted}) == 500


def test_connections_are_kept_alive_between_frames(
    api: FaultyApi, bulk_sender: ThreadedBulkSender
) -> None:
    for _ in range(10):
        bulk_sender.post_all("{}", ["c1", "c2"], 20)
    assert len(api.posted) == 20
    assert api.sockets == 1


def test_an_id_travels_encoded(api: FaultyApi, bulk_sender: ThreadedBulkSender) -> None:
    assert bulk_sender.post_all("{}", ["ejHATtlbE_KkAiU="], 20) == {"ejHATtlbE_KkAiU=": DELIVERED}
    assert api.posted[0].path == "/ws/@connections/ejHATtlbE_KkAiU%3D"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (GONE, PostOutcome.GONE),
        (failed(400), FAILED),
        (failed(403), FAILED),
        (failed(429), PostOutcome.LIMITED),
        (failed(500), FAILED),
        (b"", FAILED),
        (b"HTTP/1.1 200", PostOutcome.SLOW),
        (b"HTTP/2 200 OK\r\n\r\n", FAILED),
        (b"SSH-2.0\r\n", FAILED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", FAILED),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n", FAILED),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", DELIVERED),
        (b"HTTP/1.1 200 OK\r\nX: close\r\n\r\n", DELIVERED),
        (b"HTTP/1.1 204 No Content\r\n\r\n", FAILED),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, DELIVERED),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\n\r\n",
            DELIVERED,
        ),
    ],
)
def test_what_happens_to_one_does_not_happen_to_others(
    api: FaultyApi, bulk_sender: ThreadedBulkSender, answer: bytes, outcome: PostOutcome
) -> None:
    api.answers["c3"] = [answer]
    ids = [f"c{number}" for number in range(8)]
    expected = {each: outcome if each == "c3" else DELIVERED for each in ids}
    assert bulk_sender.post_all("{}", ids, 20) == expected
    assert bulk_sender.post_all("{}", ids, 20) == expected


def test_a_connection_that_was_closed_while_idle_is_replaced(
    api: FaultyApi, bulk_sender: ThreadedBulkSender
) -> None:
    """The server drops it after its first answer, without a word in the headers."""
    api.answers["c1"] = [OK, b"", OK]
    assert bulk_sender.post_all("{}", ["c1"], 20) == {"c1": DELIVERED}
    assert bulk_sender.post_all("{}", ["c1"], 20) == {"c1": DELIVERED}
    assert api.sockets == 2


def test_those_who_are_slow_delay_nobody(api: FaultyApi, bulk_sender: ThreadedBulkSender) -> None:
    ids = [f"c{number}" for number in range(400)]
    api.slow.update(ids[::20])
    outcomes = bulk_sender.post_all("{}", ids, 20)
    assert outcomes == {each: PostOutcome.SLOW if each in api.slow else DELIVERED for each in ids}


def test_what_there_is_no_time_for_has_failed(
    api: FaultyApi, bulk_sender: ThreadedBulkSender
) -> None:
    assert bulk_sender.post_all("{}", ["c1", "c2"], 0) == {"c1": FAILED, "c2": FAILED}
    assert api.posted == []
    assert bulk_sender.post_all("{}", [], 20) == {}


def test_why_posts_failed_is_logged_once_for_a_frame(
    api: FaultyApi, bulk_sender: ThreadedBulkSender, caplog: pytest.LogCaptureFixture
) -> None:
    api.answers.update({"c1": [failed(429)], "c2": [failed(429)], "c3": [failed(403)]})
    api.answers["c4"] = [GONE]
    api.slow.add("c5")
    bulk_sender.post_all("{}", [f"c{number}" for number in range(9)], 20)
    [line] = logged(caplog)
    assert line["message"] == "posts failed"
    assert line["reasons"] == {"429": 2, "403": 1, "TimeoutError": 1}
    bulk_sender.post_all("{}", ["c4", "c6"], 20)
    assert len(logged(caplog)) == 1


def test_nobody_listening_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    sender = sender_to(f"http://127.0.0.1:{port}/ws")
    assert sender.post_all("{}", ["c1"], 20) == {"c1": FAILED}
    sender.close()


def test_https_is_spoken_and_the_certificate_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with faulty_api(context) as secure:
        url = secure.url.replace("http://127.0.0.1", "https://localhost")
        distrustful = sender_to(url)
        assert distrustful.post_all("{}", ["c1"], 20) == {"c1": FAILED}
        distrustful.close()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        trust_store.cache_clear()
        sender = sender_to(url)
        assert sender.post_all("{}", ["c1", "c2"], 20) == {"c1": DELIVERED, "c2": DELIVERED}
        assert secure.posted[0].headers["host"] == f"localhost:{secure.port}"
        sender.close()
    trust_store.cache_clear()


def self_signed(folder: Path) -> Path:
    """A key and a certificate for `localhost` in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    return path
