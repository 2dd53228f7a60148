"""Where the names and URLs that APIs have on AWS lead to."""

from dataclasses import replace
from pathlib import Path

import pytest

from local_gateway.app.addresses import api_hosts, localised, with_local_variables
from local_gateway.core.loopback_guard import AWS_DOMAINS
from local_gateway.core.model import Application, HttpApi, LambdaFunction, RestApi, WebSocketApi
from local_gateway.core.ports import ApiPort, domain_name
from local_gateway.runtime.child.python.redirection import VARIABLE, decode_hosts
from local_gateway.server.bound_ports import BoundPorts


def websocket_api(api_id: str) -> WebSocketApi:
    return WebSocketApi(
        logical_id=api_id, api_id=api_id, route_selection_expression="", routes={}, stages=()
    )


FUNCTION = LambdaFunction(
    logical_id="Fn",
    name="Fn",
    arn="arn:aws:lambda:eu-central-1:123456789012:function:Fn",
    runtime="python3.13",
    handler="app.handler",
    code=Path(),
    timeout=3.0,
    memory_size=128,
    environment={"OWN": "1"},
)
HTTP_API = HttpApi(logical_id="H", api_id="h", routes=(), stages=())
REST_API = RestApi(logical_id="R", api_id="r", methods=(), stages=())
ORIGINS = [
    ApiPort([websocket_api("a"), websocket_api("b")], HTTP_API),
    ApiPort([websocket_api("c")], rest_apis=[REST_API]),
]


def application(partition: str = "aws") -> Application:
    return Application(
        stack_name="local",
        account_id="123456789012",
        region="eu-central-1",
        partition=partition,
        functions={"Fn": FUNCTION},
        websocket_apis=(),
        http_apis=(),
    )


AWS = "http://127.0.0.1:5000"
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - for a moment, and nothing accepts


@pytest.mark.parametrize(
    ("host", "reachable"),
    [("127.0.0.1", "127.0.0.1"), (EVERY_ADDRESS, "127.0.0.1"), ("::1", "::1")],
)
def test_each_api_is_where_its_origin_listens(host: str, reachable: str) -> None:
    with BoundPorts((host,), 0) as ports:
        ports.bind_more(2)
        first, second = (reachable, ports.port(0)), (reachable, ports.port(1))
        hosts = api_hosts(application(), ORIGINS, ports)
    names = [name.partition(".")[0] for name in hosts]
    assert names == ["a", "b", "h", "c", "r"]
    assert list(hosts.values()) == [first, first, first, second, second]
    assert {name.partition(".")[2] for name in hosts} == {"execute-api.eu-central-1.amazonaws.com"}


def test_every_function_has_the_addresses_beside_its_own_variables() -> None:
    with BoundPorts(("127.0.0.1",), 0) as ports:
        ports.bind_more(2)
        environment = localised(application(), ORIGINS, ports, AWS).functions["Fn"].environment
        hosts = api_hosts(application(), ORIGINS, ports)
    assert environment["OWN"] == "1"
    services = dict.fromkeys(AWS_DOMAINS, ("127.0.0.1", 5000))
    assert decode_hosts(environment[VARIABLE]) == hosts | services


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://a.{domain}/x", "{http}0/x"),
        ("wss://b.{domain}/dev", "{ws}0/dev"),
        ("https://c.{domain}:443/x", "{http}1/x"),
        ("wss://c.{domain}", "{ws}1"),
        ("https://c.{domain}.example/x", "https://c.{domain}.example/x"),
        ("https://d.{domain}/x", "https://d.{domain}/x"),
        ("https://a.{domain}/ and wss://c.{domain}/", "{http}0/ and {ws}1/"),
        ("https://r.{domain}/prod/", "{http}1/prod/"),
        ("a.{domain}", "a.{domain}"),
    ],
)
def test_urls_are_local_in_outputs_and_containers_and_those_of_aws_in_functions(
    text: str, expected: str
) -> None:
    domain = "execute-api.eu-central-1.amazonaws.com"
    text = text.format(domain=domain)
    function = replace(FUNCTION, environment={"URL": text})
    with BoundPorts(("127.0.0.1",), 0) as ports:
        ports.bind_more(2)
        given = replace(application(), functions={"Fn": function}, outputs={"Url": text})
        served = localised(given, ORIGINS, ports, AWS)
        container = with_local_variables(served, ORIGINS, ports)
        for at in (0, 1):
            expected = expected.replace(f"{{http}}{at}", ports.url(at))
            expected = expected.replace(f"{{ws}}{at}", ports.url(at).replace("http", "ws"))
    expected = expected.format(domain=domain)
    assert served.outputs == {"Url": expected}
    assert served.functions["Fn"].environment["URL"] == text
    assert container.functions["Fn"].environment["URL"] == expected


def test_names_in_china_have_its_suffix() -> None:
    name = domain_name("a", application("aws-cn"))
    assert name == "a.execute-api.eu-central-1.amazonaws.com.cn"
