"""Connection, request and message ids in the form API Gateway gives them.

An id is the padded URL-safe base64 of 11 bytes: 15 characters and one `=`. AWS documents ids as
opaque; the form is read off published captures, and handlers meet it in regular expressions, URL
encoding (`%3D`) and DynamoDB keys, so a local id must look the same.
"""

import base64
import re

ID_BYTES = 11
_TAIL_BYTES = 5
_KIND_BYTE = 8
_CONNECTION_KIND = b"\x02"
_REQUEST_KIND = b"\x05"
# Eleven bytes leave two unused bits, so the last character before the padding is one of sixteen.
_WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{14}[AEIMQUYcgkosw048]=", re.ASCII)


def encode_id(raw: bytes) -> str:
    """The 16-character id of exactly 11 bytes; `ValueError` for any other length."""
    if len(raw) != ID_BYTES:
        raise ValueError(f"an id is made of {ID_BYTES} bytes, got {len(raw)}")
    return base64.urlsafe_b64encode(raw).decode("ascii")


def is_well_formed_id(text: str) -> bool:
    """Whether `text` could be an id that API Gateway made (a malformed one is a 400, not a 410)."""
    return _WELL_FORMED.fullmatch(text) is not None


def connection_id(raw: bytes) -> str:
    """A connection id of 11 bytes; the ninth is set to the value seen in captured ones."""
    return encode_id(_of_kind(raw, _CONNECTION_KIND))


def request_id(raw: bytes) -> str:
    """A request id of 11 bytes; the ninth is set to the value seen in captured ones."""
    return encode_id(_of_kind(raw, _REQUEST_KIND))


def message_id(connection_id: str, raw: bytes) -> str:
    """A message id of 11 bytes that ends with the last bytes of its connection's id.

    Raises `ValueError` when the connection id is malformed or `raw` has the wrong length.
    """
    if not is_well_formed_id(connection_id):
        raise ValueError(f"expected a connection id of 16 characters, got {connection_id!r}")
    encode_id(raw)
    tail = base64.urlsafe_b64decode(connection_id)[-_TAIL_BYTES:]
    return encode_id(raw[:-_TAIL_BYTES] + tail)


def _of_kind(raw: bytes, kind: bytes) -> bytes:
    return raw[:_KIND_BYTE] + kind + raw[_KIND_BYTE + 1 :] if len(raw) == ID_BYTES else raw
