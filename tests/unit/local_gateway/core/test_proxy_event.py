from local_gateway.core.http import Headers, Request
from local_gateway.core.proxy_event import added_headers, header_maps, query_maps


def test_repeated_names_show_the_last_and_all() -> None:
    maps = header_maps((("b", "1"), ("A", "2"), ("B", "3")))
    assert maps == {
        "headers": {"A": "2", "b": "3"},
        "multiValueHeaders": {"A": ["2"], "b": ["1", "3"]},
    }
    assert list(maps["headers"]) == ["A", "b"]
    assert query_maps([("a", "1"), ("a", "2")]) == {
        "queryStringParameters": {"a": "2"},
        "multiValueQueryStringParameters": {"a": ["1", "2"]},
    }


def test_the_front_end_says_how_the_client_came() -> None:
    headers = Headers((("Host", "localhost:9000"), ("X-Forwarded-For", "10.0.0.1")))
    request = Request(method="GET", path="/", headers=headers, source_ip="127.0.0.1")
    assert dict(added_headers(request, "Root=1-a-b")) == {
        "X-Amzn-Trace-Id": "Root=1-a-b",
        "X-Forwarded-For": "10.0.0.1, 127.0.0.1",
        "X-Forwarded-Port": "9000",
        "X-Forwarded-Proto": "http",
    }
