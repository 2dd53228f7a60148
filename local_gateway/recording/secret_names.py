"""Which header, parameter and JSON names stand for a secret."""

import itertools
import re

# A word of a name, its plural without the s; `accessToken`, `access_token` and `Access-Token` are
# two words, `accesstoken` is one that ends like a secret.
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


def is_secret(name: str) -> bool:
    """Whether what goes by this name should not be written down."""
    words = [_singular(word.lower()) for word in _WORD.findall(name)]
    if any(word in _WHOLE or word.endswith(_ENDINGS) for word in words):
        return True
    pairs = itertools.pairwise(words)
    if any(second == "key" and first in _KINDS_OF_KEY for first, second in pairs):
        return True
    return name.lower() in _MEMBERS


def _singular(word: str) -> str:
    return word if word.endswith("ss") else word.removesuffix("s")
