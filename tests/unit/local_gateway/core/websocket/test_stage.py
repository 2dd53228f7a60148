"""What the connections of a stage share, and what a new deployment changes for them."""

from dataclasses import replace

import pytest

from local_gateway.core.model import Throttle, WebSocketStage
from local_gateway.core.websocket.stage import Limits, Stage
from tests.unit.local_gateway.core.samples import CONNECTED_AT, api

SETTINGS = WebSocketStage(name="ws")


def test_stage_routes_by_the_expression_of_its_api() -> None:
    stage = Stage(api("join", "$default"), SETTINGS, Limits())
    assert stage.name == "ws"
    joined, other = stage.route_of('{"action": "join"}'), stage.route_of("text")
    assert joined is not None
    assert other is not None
    assert (joined.route_key, other.route_key) == ("join", "$default")


def test_new_deployment_replaces_routes_and_throttles() -> None:
    stage = Stage(api("join"), SETTINGS, Limits())
    throttled = replace(SETTINGS, name="ws2", default_throttle=Throttle(rate=1, burst=1))
    stage.redeploy(api("leave"), throttled)
    assert stage.name == "ws2"
    assert stage.route_of('{"action": "join"}') is None
    assert [stage.admits("leave", CONNECTED_AT) for _ in range(2)] == [True, False]


def test_expression_that_selects_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \$\{request.body.name\}"):
        Stage(api("join", expression="${request.header.action}"), SETTINGS, Limits())


def test_warp_brings_the_times_and_not_the_sizes_closer() -> None:
    limits = Limits().warped(60)
    assert (limits.idle_ms, limits.age_ms) == (10_000, 120_000)
    assert limits.message_bytes == Limits().message_bytes
