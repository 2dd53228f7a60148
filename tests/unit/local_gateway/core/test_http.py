import re

from local_gateway.core.http import Headers, Request, forwarded_for, trace_header


def test_headers_keep_what_was_sent_and_find_names_in_any_spelling() -> None:
    sent = (("X-Tag", "one"), ("Host", "h"), ("x-tag", "two"))
    headers = Headers(sent)
    assert tuple(headers) == sent
    assert (headers.get("x-TAG"), headers.get_all("X-TAG")) == ("one", ["one", "two"])
    assert (headers.get("cookie"), headers.get_all("cookie")) == (None, [])


def test_a_query_is_decoded_in_order_and_keeps_empty_values() -> None:
    request = Request(method="GET", path="/", query_string="b=x%20y&a=&b=%FF")
    assert request.query == (("b", "x y"), ("a", ""), ("b", "\ufffd"))


def test_the_trace_header_has_the_second_and_a_stable_tail() -> None:
    header = trace_header(1_731_324_924_561, "seed")
    assert re.fullmatch(r"Root=1-6731ebfc-[0-9a-f]{24}", header)
    assert header == trace_header(1_731_324_924_999, "seed")
    assert header != trace_header(1_731_324_924_561, "other")


def test_the_connecting_address_comes_after_earlier_proxies() -> None:
    request = Request(method="GET", path="/", source_ip="192.0.2.7")
    assert forwarded_for(request) == "192.0.2.7"
    headers = (("x-forwarded-for", "203.0.113.1"), ("X-Forwarded-For", ""), ("Host", "h"))
    request = Request(method="GET", path="/", source_ip="192.0.2.7", headers=Headers(headers))
    assert forwarded_for(request) == "203.0.113.1, 192.0.2.7"
