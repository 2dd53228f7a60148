"""Devices and dashboards."""

import pytest

from sapa.errors import ChannelNameError, RefusedError
from sapa.processes.iot import MAX_KEPT, IotAction, iot
from tests.unit.sapa.fakes import Client, FakeServices

CHANNEL = "device:pump-1"


@pytest.fixture
def pump(services: FakeServices) -> Client:
    """A device that listens."""
    pump = services.connect("pump")
    iot(pump.context, IotAction.JOIN)
    return pump


def test_dashboard_hears_what_the_device_reports(services: FakeServices, pump: Client) -> None:
    ana, ben = services.connect("ana"), services.connect("ben")
    iot(ana.context, IotAction.JOIN)
    iot(pump.context, IotAction.REPORT, metric="pressure", value=2.5)
    assert ana.payloads(CHANNEL) == [{"metric": "pressure", "value": 2.5}]
    assert ben.inbox == []


def test_join_tells_the_last_value_of_each_metric(services: FakeServices, pump: Client) -> None:
    ana = services.connect("ana")
    for metric, value in (("temperature", 20.0), ("pressure", 2.5), ("temperature", 21.5)):
        services.now += 1
        iot(pump.context, IotAction.REPORT, metric=metric, value=value)
    assert iot(ana.context, IotAction.JOIN)["values"] == {
        "temperature": {"value": 21.5, "at": services.now},
        "pressure": {"value": 2.5, "at": services.now - 1},
    }
    nothing = {"channel": "device:pump-2", "values": {}, "waiting": {}}
    assert iot(ana.context, IotAction.JOIN, "pump-2") == nothing


def test_missing_value_is_not_reported(services: FakeServices, pump: Client) -> None:
    ana = services.connect("ana")
    iot(ana.context, IotAction.JOIN)
    with pytest.raises(RefusedError, match="no value") as refused:
        iot(pump.context, IotAction.REPORT)
    assert refused.value.fields == {"value": "is missing"}
    assert ana.payloads(CHANNEL) == []
    assert iot(ana.context, IotAction.JOIN)["values"] == {}
    iot(pump.context, IotAction.REPORT, value=0)
    assert ana.payloads(CHANNEL) == [{"metric": "temperature", "value": 0}]


def test_report_that_was_overtaken_is_not_the_last_value(
    services: FakeServices, pump: Client
) -> None:
    early = pump.context
    services.now += 1
    iot(pump.context, IotAction.REPORT, value=21.5)
    iot(early, IotAction.REPORT, value=20)
    values = iot(pump.context, IotAction.JOIN)["values"]
    assert values == {"temperature": {"value": 21.5, "at": services.now}}


def test_command_travels_back_and_is_acknowledged(services: FakeServices, pump: Client) -> None:
    ana = services.connect("ana")
    iot(ana.context, IotAction.JOIN)
    sent = iot(ana.context, IotAction.COMMAND, command="open")
    [command] = pump.payloads(CHANNEL)
    assert command == {"command": "open", "number": sent["number"], "from": "ana"}
    iot(pump.context, IotAction.ACKNOWLEDGE, number=command["number"])
    assert ana.payloads(CHANNEL)[-1] == {"acknowledged": sent["number"]}
    assert iot(pump.context, IotAction.JOIN)["waiting"] == {}


def test_command_waits_for_a_device_that_is_away(services: FakeServices) -> None:
    sent = iot(services.connect("ana").context, IotAction.COMMAND, command="open")
    waiting = iot(services.connect("pump").context, IotAction.JOIN)["waiting"]
    assert waiting == {sent["number"]: "open"}


def test_what_does_not_wait_cannot_be_acknowledged(services: FakeServices, pump: Client) -> None:
    sent = iot(services.connect("ana").context, IotAction.COMMAND)
    for number in ("", "other"):
        with pytest.raises(RefusedError, match="No such command"):
            iot(pump.context, IotAction.ACKNOWLEDGE, number=number)
    iot(pump.context, IotAction.ACKNOWLEDGE, number=sent["number"])
    with pytest.raises(RefusedError, match="No such command"):
        iot(pump.context, IotAction.ACKNOWLEDGE, number=sent["number"])


def test_device_keeps_so_much_and_no_more(services: FakeServices, pump: Client) -> None:
    ana = services.connect("ana")
    for number in range(MAX_KEPT):
        iot(pump.context, IotAction.REPORT, metric=f"m{number}", value=number)
        iot(ana.context, IotAction.COMMAND)
    heard = len(pump.inbox)
    with pytest.raises(RefusedError, match="50 metrics"):
        iot(pump.context, IotAction.REPORT, metric="more", value=0)
    with pytest.raises(RefusedError, match="waiting commands"):
        iot(ana.context, IotAction.COMMAND)
    iot(pump.context, IotAction.REPORT, metric="m0", value=1)
    assert len(pump.inbox) == heard + 1


def test_leaving_and_impossible_devices(services: FakeServices, pump: Client) -> None:
    assert iot(pump.context, IotAction.LEAVE) == {"channel": CHANNEL, "left": True}
    iot(services.connect("ana").context, IotAction.COMMAND)
    assert pump.inbox == []
    for action in IotAction:
        with pytest.raises(ChannelNameError):
            iot(pump.context, action, "pump 1")
