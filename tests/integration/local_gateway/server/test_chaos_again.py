"""The same script of a client meets the same faults with the same seed, and others with another."""

from contextlib import suppress

from botocore.config import Config
from websockets.exceptions import ConnectionClosed, InvalidStatus

from local_gateway.core.chaos import Chaos, Fault
from tests.support.applications import application
from tests.support.gateway import Opened, RunningGateway

CONNECTIONS, MESSAGES = 10, 5
SECONDS = 20.0

type Story = list[tuple[str, str]]


def play(seed: int) -> list[Story]:
    """what the records say of chaos, connection by connection, each with route and outcome."""
    rates = {fault: 0.05 if fault is Fault.CRASH else 0.2 for fault in Fault}
    chaos = Chaos(seed, rates, slow_seconds=0.01)
    with RunningGateway(application(), faults=chaos) as gateway:
        for _ in range(CONNECTIONS):
            with suppress(InvalidStatus, ConnectionClosed), gateway.open() as opened:
                chat(gateway, opened)
        stories: dict[str, Story] = {}
        for record in gateway.recorder.records:
            if record.connection_id is not None:
                story = stories.setdefault(record.connection_id, [])
                if record.outcome.startswith("chaos: "):
                    story.append((record.route_key, record.outcome))
    return list(stories.values())


def chat(gateway: RunningGateway, opened: Opened) -> None:
    """Post and ask, one after the other, and wait until everybody knows of the end."""
    management = gateway.management(config=Config(retries={"total_max_attempts": 1}))
    refusals = (management.exceptions.GoneException, management.exceptions.LimitExceededException)
    try:
        for number in range(MESSAGES):
            with suppress(*refusals):
                management.post_to_connection(ConnectionId=opened.connection_id, Data=b"posted")
            opened.socket.send(f'{{"action": "ask", "number": {number}}}')
            while not is_answer(str(opened.socket.recv(SECONDS)), number):
                pass
        opened.socket.close()
    finally:
        gateway.recorder.wait_for_record(
            lambda record: (
                record.connection_id == opened.connection_id
                and (record.function == "Disconnect" or record.outcome == "chaos: lost-disconnect")
            )
        )


def is_answer(received: str, number: int) -> bool:
    """Whether it is not a post or the second answer to an earlier question."""
    return f'"number": {number}' in received or "Internal server error" in received


def test_a_seed_repeats_itself_and_differs_from_others() -> None:
    first = play(7)
    assert len(first) == CONNECTIONS
    outcomes = {outcome for story in first for _, outcome in story}
    assert outcomes == {f"chaos: {fault}" for fault in Fault}
    assert play(7) == first
    assert play(8) != first
