import re

from local_gateway.core.forwarding import forwarded_for, trace_header


def test_the_trace_header_has_the_second_and_a_stable_tail() -> None:
    header = trace_header(1_731_324_924_561, "seed")
    assert re.fullmatch(r"Root=1-6731ebfc-[0-9a-f]{24}", header)
    assert header == trace_header(1_731_324_924_999, "seed")
    assert header != trace_header(1_731_324_924_561, "other")


def test_the_connecting_address_comes_after_earlier_proxies() -> None:
    assert forwarded_for((), "192.0.2.7") == "192.0.2.7"
    headers = (("x-forwarded-for", "203.0.113.1"), ("X-Forwarded-For", ""), ("Host", "h"))
    assert forwarded_for(headers, "192.0.2.7") == "203.0.113.1, 192.0.2.7"
