"""The secrets of a run of the tests, and the search for them in logs, in any form."""

import base64
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, quote_plus

from tools.scripts import welcome

SHORTEST = 12
"""A shorter text is too common in other output: it is not searched for."""
LONGEST = 64
"""A log may cut off the rest: the beginning is searched for."""

_NAME = re.compile(r"[\w.:@/+-]*", re.ASCII)
_PAGE = re.compile(r"^  Page      (\S+?)/(?:\?warp=(\S+))?$", re.MULTILINE)
_PASSWORD = re.compile(r"^  Password  (\S+)$", re.MULTILINE)
_TOKEN = re.compile(rf'^  wscat .* "Cookie: {welcome.COOKIE}=(\S+)"$', re.MULTILINE)


@dataclass(slots=True)
class Secrets:
    """The passwords, tokens and bodies so far, by their text."""

    _kinds: dict[str, str] = field(default_factory=dict)

    def password(self, text: str) -> None:
        """A password, right or wrong."""
        self._note("password", text)

    def cookies(self, header: str) -> None:
        """A `Cookie` or `Set-Cookie` header: the session's token counts, valid or not."""
        try:
            cookie = SimpleCookie(header).get(welcome.COOKIE)
        except CookieError:
            return
        if cookie is not None:
            self.token(cookie.value)

    def token(self, text: str) -> None:
        """A session's token."""
        self._note("token", text)

    def body(self, text: str) -> None:
        """A client's body: as a whole, in JSON's other spellings, and each text in it.

        Texts that may be names are no secrets: users, channels and endpoints are logged on
        purpose.
        """
        self.frame(text)
        try:
            sent = json.loads(text)
        except ValueError:
            return
        for key, inner in _texts(sent):
            if key in {"password", "new_password"}:
                self.password(inner)
            else:
                self.words(inner)

    def frame(self, text: str) -> None:
        """A body as a whole."""
        self._note("body", text)
        try:
            sent = json.loads(text)
        except ValueError:
            return
        self._note("body", json.dumps(sent))
        self._note("body", json.dumps(sent, separators=(",", ":")))
        self._note("body", str(sent))

    def words(self, text: str) -> None:
        """A text within a body, unless it may be a name."""
        if not _NAME.fullmatch(text):
            self._note("body", text)

    def search(self, output: str) -> list[str]:
        """One line for each secret in `output`, with what it is and the line that holds it."""
        by_beginning = defaultdict(list)
        for text, kind in self._kinds.items():
            for form in forms(text):
                by_beginning[form[:SHORTEST]].append((form, kind))
        lines = {}
        for start in range(len(output)):
            for form, kind in by_beginning.get(output[start : start + SHORTEST], ()):
                if output.startswith(form, start):
                    line = output[output.rfind("\n", 0, start) + 1 :].partition("\n")[0]
                    lines[kind, form] = f"{kind} {form!r} in: {line}"
        return list(lines.values())

    def _note(self, kind: str, text: str) -> None:
        if len(text) >= SHORTEST:
            self._kinds.setdefault(text[:LONGEST], kind)


def forms(text: str) -> set[str]:
    """A text as logs may print it: plain, quoted for Python, JSON and URLs, and in base64."""
    escaped = {text, repr(text)[1:-1], repr(text.encode())[2:-1]}
    for _ in range(2):  # The lines of `--json` hold lines of JSON.
        for ascii_alone in (True, False):
            escaped |= {json.dumps(form, ensure_ascii=ascii_alone)[1:-1] for form in escaped}
    encoded = escaped | {
        quote(text, safe=""),
        quote(text),
        quote_plus(text),
        *_base64(text.encode()),
    }
    return {form for form in encoded if len(form) >= SHORTEST}


def _base64(data: bytes) -> Iterator[str]:
    """The part of its base64 that does not depend on what stands before and behind it."""
    for before in range(3):
        whole = len(data[before:]) // 3 * 3
        part = data[before : before + whole]
        yield base64.b64encode(part).decode()
        yield base64.urlsafe_b64encode(part).decode()


def _texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, key)


def without_welcome(output: str, secrets: Secrets) -> str:
    """`output` without the lines in which `make run` says how to log in.

    They are those of `tools.scripts.welcome`, each left out once; their content is a secret
    elsewhere.
    """
    page, password, token = (find.search(output) for find in (_PAGE, _PASSWORD, _TOKEN))
    if page is None or password is None or token is None:
        return output
    secrets.password(password[1])
    secrets.token(token[1])
    welcome_lines = Counter(welcome.lines(page[1], password[1], token[1], page[2] or "1"))
    kept = []
    for line in output.split("\n"):
        if welcome_lines[line] > 0:
            welcome_lines[line] -= 1
        else:
            kept.append(line)
    return "\n".join(kept)


SECRETS = Secrets()
"""Those of this run of the tests."""
