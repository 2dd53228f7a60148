"""Takes secrets out of events and results before they are written to a file.

Secrets are recognised by their names: headers (Cookie, Authorization, Set-Cookie and the like), the
`cookies` list, parameters of query strings and forms, and members of JSON, also of JSON in a text
such as `body`. A secret in the middle of a sentence or in a path is not recognised.
"""

import base64
import binascii
import itertools
import json
import re
from typing import Any
from urllib.parse import unquote_plus

# The same for every secret, so that it does not show the length. URLs, headers and JSON hold it
# without escapes.
MARKER = "__redacted__"

# name=value in a URL inside any text, and in a text that is nothing but such pairs.
_IN_URL = re.compile(r"""([?&;])([^=&?#;\s"'<>]+)=([^&#\s"'<>]+)""")
_PAIRS = re.compile(r"[^=&?#\s{}\"]+=[^&\s\"]*(?:&[^=&\s]+=[^&\s\"]*)*")
_PAIR = re.compile(r"([^=&]+)=([^&]+)")
_FORM_FIELD = re.compile(r'name="([^"]*)"')
# What may be a name in broken JSON: any word, with or without its quotes.
_NAME = re.compile(r"[A-Za-z][\w-]*")
_UNICODE_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
# A member of JSON inside any text.
_MEMBER = re.compile(r"""([\w-]+)\\*["']\s*:""")
_SCHEME_AND_TOKEN = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE)

# Browsers can send a token only in the list of subprotocols; the names of protocols are short.
_SUBPROTOCOL = "sec-websocket-protocol"
_LONGEST_PROTOCOL_NAME = 20

# A word of a name, its plural without the s; `accessToken`, `access_token` and `Access-Token` are
# two words; `accesstoken` is a single word that ends like a secret.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_ENDINGS = (
    "token",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "cookie",
    "credential",
    "authorization",
    "signature",
    "apikey",
    "jwt",
)
_WHOLE = frozenset({"auth", "pwd", "otp", "bearer"})
_KINDS_OF_KEY = frozenset({"api", "access", "private", "identifier"})

# Holds the values of a REQUEST authorizer's identity sources: cookies and the like.
_MEMBERS = frozenset({"identitysource"})


def redact(value: Any) -> Any:
    """A copy of a JSON value with `MARKER` in place of its secrets."""
    match value:
        case dict():
            members = {name: _member(name, item) for name, item in value.items()}
            if value.get("isBase64Encoded") is True and isinstance(value.get("body"), str):
                members["body"] = _redact_base64(value["body"])
            return members
        case list():
            return [redact(item) for item in value]
        case str():
            return redact_text(value)
        case _:
            return value


def redact_text(text: str) -> str:
    """A text with `MARKER` in place of its secrets: JSON, a form, or any text with URLs in it.

    Text without secrets does not change. What begins like JSON, cannot be parsed and names a secret
    is hidden whole: nobody can say where the secret ends.
    """
    if text.lstrip()[:1] in {"{", "["}:
        try:
            content = json.loads(text)
            redacted = redact(content)
            return text if redacted == content else _dump(redacted)
        except ValueError:
            return MARKER if _names_a_secret(text) else _redact_plain(text)
        except RecursionError:
            return MARKER  # too deeply nested to look through
    if any(is_secret(name) for name in _FORM_FIELD.findall(text)):
        return MARKER  # multipart/form-data
    return _redact_plain(text)


def _names_a_secret(text: str) -> bool:
    """Whether a text that begins like JSON, but is none, has a secret's name where one may be."""
    plain = _UNICODE_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    return any(is_secret(name) for name in _NAME.findall(plain))


def is_redacted(value: Any) -> bool:
    """Whether a JSON value contains `MARKER`."""
    match value:
        case dict():
            return any(is_redacted(item) for item in value.values())
        case list():
            return any(is_redacted(item) for item in value)
        case str():
            return MARKER in value
        case _:
            return False


def _member(name: str, value: Any) -> Any:
    if is_secret(name):
        return _hide(value)
    if name.lower() == _SUBPROTOCOL:
        return _protocols(value)
    return redact(value)


def _hide(value: Any) -> Any:
    """The marker; it stays visible that a value is absent, and how often a header was sent."""
    if value is None or value in ("", [], {}) or isinstance(value, bool):
        return value
    return [_hide(item) for item in value] if isinstance(value, list) else MARKER


def _protocols(value: Any) -> Any:
    if isinstance(value, list):
        return [_protocols(item) for item in value]
    if not isinstance(value, str):
        return redact(value)
    names = (name.strip() for name in value.split(","))
    return ", ".join(MARKER if len(name) > _LONGEST_PROTOCOL_NAME else name for name in names)


def _redact_base64(body: str) -> str:
    """Forms and compressed bodies are in base64; bytes that are not text have no names."""
    try:
        content = base64.b64decode(body, validate=True)
    except binascii.Error:
        return body
    text = content.decode(errors="replace")
    redacted = redact_text(text)
    if redacted == text:
        return body
    if text.encode() != content:
        redacted = MARKER  # not text as a whole
    return base64.b64encode(redacted.encode()).decode("ascii")


def _redact_plain(text: str) -> str:
    if any(is_secret(name) for name in _MEMBER.findall(text)):
        return MARKER  # JSON with something before it
    if "=" in text:
        if _PAIRS.fullmatch(text):
            text = _PAIR.sub(_hide_pair, text)
        text = _IN_URL.sub(lambda match: match[1] + _hide_pair(match[0][1:]), text)
    return _SCHEME_AND_TOKEN.sub(rf"\1 {MARKER}", text)


def _hide_pair(pair: re.Match[str] | str) -> str:
    text = pair if isinstance(pair, str) else pair[0]
    name, _, _ = text.partition("=")
    return f"{name}={MARKER}" if is_secret(unquote_plus(name)) else text


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def is_secret(name: str) -> bool:
    """Whether a header, parameter or JSON member of this name holds a secret."""
    words = [_singular(word.lower()) for word in _WORD.findall(name)]
    if any(word in _WHOLE or word.endswith(_ENDINGS) for word in words):
        return True
    pairs = itertools.pairwise(words)
    if any(second == "key" and first in _KINDS_OF_KEY for first, second in pairs):
        return True
    return name.lower() in _MEMBERS


def _singular(word: str) -> str:
    return word if word.endswith("ss") else word.removesuffix("s")
