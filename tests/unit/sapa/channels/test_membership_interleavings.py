"""Messages of one connection run at the same time: any order of their steps ends well."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.sapa.fakes import FakeServices, names
from tests.unit.sapa.step_scheduler import StepScheduler, Stepwise

USERS = {"c0": "ana", "c1": "ana", "c2": "ben"}
CHANNELS = ["chat:lobby", "game:1"]
OWN = {"user:ana", "user:ben"}


def stepwise(scheduler: StepScheduler) -> FakeServices:
    """Services whose membership and publisher can be interrupted between any two calls."""
    services = FakeServices()

    def store(real: object) -> Any:
        return Stepwise(real, scheduler.step)

    services.connections = store(services.connections)
    services.subscriptions = store(services.subscriptions)
    services.presence = store(services.presence)
    services.session_channels = store(services.session_channels)
    services.channel_log = store(services.channel_log)
    services.fan_out_queue = store(services.fan_out_queue)
    return services


def check(services: FakeServices) -> None:
    """Check what has to be true whenever nothing is under way."""
    subscriptions = set(services.subscription_store.subscriptions.values())
    own = {each.subscriber.connection_id for each in subscriptions if each.channel in OWN}
    assert own == set(services.connection_store.connections)
    assert services.connection_store.closed == set()
    joined = {each for each in subscriptions if each.channel not in OWN}
    recorded = services.connection_store.channels.items()
    assert {(each.subscriber.connection_id, each.channel, each.since) for each in joined} == {
        (name, channel, since) for name, channels in recorded for channel, since in channels.items()
    }
    assert {
        each for present in services.presence_store.present.values() for each in present
    } == joined
    balance: Counter[tuple[str, str]] = Counter()
    for channel, change, username in services.announced:
        balance[channel, username] += 1 if change == "joined" else -1
    users = {(each.channel, each.subscriber.username) for each in joined}
    assert {user for user, number in balance.items() if number == 1} == users
    assert set(balance.values()) <= {0, 1}
    for channel in CHANNELS:
        members = names(services.membership.members(channel))
        assert members == sorted(
            {name for joined_channel, name in users if joined_channel == channel}
        )


Action = tuple[str, str, str]
ACTIONS = st.tuples(
    st.sampled_from(["join", "join", "leave", "close", "publish"]),
    st.sampled_from(sorted(USERS)),
    st.sampled_from(CHANNELS),
)


def job(services: FakeServices, action: Action) -> Callable[[], object]:
    """What one function does for one message or disconnect."""
    what, connection_id, channel = action
    client = services.clients[connection_id]
    match what:
        case "join":
            return lambda: client.join(channel)
        case "leave":
            return lambda: client.leave(channel)
        case "publish":
            return lambda: client.context.publish(channel, {"text": "Hai!"})
        case _:
            return client.close


@example(before=[], at_once=[("join", "c1", "chat:lobby")] * 3, schedule=[0, 1, 1, 2])
@settings(max_examples=200, deadline=None)
@given(
    before=st.lists(ACTIONS, max_size=6),
    at_once=st.lists(ACTIONS, min_size=2, max_size=4),
    schedule=st.lists(st.integers(0, 3), max_size=40),
)
def test_any_interleaving_ends_consistent(
    before: list[Action], at_once: list[Action], schedule: list[int]
) -> None:
    scheduler = StepScheduler()
    services = stepwise(scheduler)
    for connection_id, username in USERS.items():
        services.connect(username, connection_id)
    for action in before:
        job(services, action)()
        check(services)
    scheduler.run([job(services, action) for action in at_once], schedule)
    check(services)
    for channel in CHANNELS:
        published = [what for what, _, name in (*before, *at_once) if name == channel]
        kept = [event.sequence for event in services.log.after(channel, 0, 0)]
        assert kept == list(range(1, published.count("publish") + 1))
