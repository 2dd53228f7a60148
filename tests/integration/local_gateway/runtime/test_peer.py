"""The Runtime API answers its own process alone."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from local_gateway.runtime.peer import Address, belongs_to
from tests.support.runtimes import Runtimes, value

ASK = """
import http.client, json, sys
connection = http.client.HTTPConnection(sys.argv[1], timeout=20)
connection.request(sys.argv[2], "/2018-06-01/runtime/" + sys.argv[3])
print(json.load(connection.getresponse())["errorType"])
"""
# Asks in a process of the environment's session, and in one of its own.
HANDLER = f"""
    import os, subprocess, sys

    def lambda_handler(event, context):
        address = os.environ["AWS_LAMBDA_RUNTIME_API"]
        command = [sys.executable, "-c", {ASK!r}, address, "POST", "init/error"]
        answers = [
            subprocess.check_output(command, text=True, start_new_session=new).strip()
            for new in (False, True)
        ]
        return [address, *answers]
"""


@pytest.fixture
def connection() -> Iterator[tuple[Address, Address]]:
    """Both addresses of a connection of this process to itself."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        stack.enter_context(socket.create_connection(listener.getsockname()))
        accepted = stack.enter_context(listener.accept()[0])
        yield accepted.getpeername(), accepted.getsockname()


def test_connection_of_a_process_and_of_its_session(connection: tuple[Address, Address]) -> None:
    assert belongs_to(os.getpid(), *connection)
    assert belongs_to(os.getsid(0), *connection)


def test_connection_of_another_process(connection: tuple[Address, Address]) -> None:
    with subprocess.Popen(["sleep", "1000"], start_new_session=True) as other:
        assert not belongs_to(other.pid, *connection)
        other.kill()
    assert not belongs_to(other.pid, *connection), "it has ended"


def test_connection_that_is_closed(connection: tuple[Address, Address]) -> None:
    peer, (host, port) = connection
    assert not belongs_to(os.getpid(), peer, (host, port ^ 1))


async def test_other_processes_get_no_event_and_end_no_invocation(
    python_runtimes: Runtimes,
) -> None:
    runtime = await python_runtimes.serve(HANDLER)
    address, in_session, in_other_session = await value(runtime)
    # It may ask; there are no such calls any more.
    assert in_session == "InvalidStateTransition"
    assert in_other_session == "AccessDenied"
    for method, path in (("GET", "invocation/next"), ("POST", "init/error")):
        command = [sys.executable, "-c", ASK, address, method, path]
        asking = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        assert (await asking.communicate())[0] == b"AccessDenied\n"
    assert (await value(runtime))[0] == address, "the environment has noticed nothing"
