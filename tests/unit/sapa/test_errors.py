"""Refusals as clients get them."""

from sapa.errors import RefusalError, RefusedError, refused_fields, shortened


def test_refusal_as_json() -> None:
    assert RefusalError("code", "Text.").as_json() == {
        "error": {"code": "code", "message": "Text."}
    }
    refused = RefusedError("Not now.", {"cell": "is taken"}).as_json()
    assert refused["error"]["fields"] == {"cell": "is taken"}


def test_details_follow_the_fields() -> None:
    error = RefusalError("code", "Text.", {"a": "b"}, retry_after_ms=5).as_json()["error"]
    assert list(error) == ["code", "message", "fields", "retry_after_ms"]


def test_names_from_clients_are_few_and_short() -> None:
    fields = refused_fields((f"{number:03}" + "x" * 100 for number in range(100)), "wrong")
    assert len(fields) == 20
    assert {len(name) for name in fields} == {64}
    assert shortened("\ud800") == "?"
