"""The answers that a Lambda authorizer gave, for as long as its API keeps them."""

_MOST_ENTRIES = 1000


class AuthorizerCache[Answer]:
    """Answers by authorizer and identity; times are epoch milliseconds."""

    def __init__(self) -> None:
        self._answers: dict[object, tuple[int, Answer]] = {}

    def get(self, key: object, at: int) -> Answer | None:
        """The answer for a key, unless it is too old."""
        kept = self._answers.get(key)
        return kept[1] if kept is not None and at < kept[0] else None

    def put(self, key: object, answer: Answer, *, at: int, ttl: int) -> None:
        """Keep an answer for `ttl` seconds; zero keeps nothing."""
        if ttl <= 0:
            return
        if len(self._answers) >= _MOST_ENTRIES:
            self._answers = {name: kept for name, kept in self._answers.items() if at < kept[0]}
        while len(self._answers) >= _MOST_ENTRIES:
            del self._answers[next(iter(self._answers))]
        self._answers[key] = (at + ttl * 1000, answer)
