from local_gateway.core.authorizer_cache import AuthorizerCache


def test_an_answer_is_kept_for_its_time() -> None:
    cache = AuthorizerCache[str]()
    cache.put("key", "answer", at=0, ttl=2)
    assert [cache.get("key", at) for at in (0, 1999, 2000)] == ["answer", "answer", None]
    assert cache.get("another", 0) is None


def test_no_time_keeps_nothing() -> None:
    cache = AuthorizerCache[str]()
    cache.put("key", "answer", at=0, ttl=0)
    assert cache.get("key", 0) is None


def test_it_does_not_grow_without_bound() -> None:
    cache = AuthorizerCache[int]()
    for number in range(3000):
        cache.put(number, number, at=0, ttl=300)
    assert sum(cache.get(number, 0) is not None for number in range(3000)) == 1000
    assert cache.get(2999, 0) == 2999
