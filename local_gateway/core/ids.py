"""Connection, request and message ids in the form API Gateway gives them.

An id is the padded URL-safe base64 of 11 bytes: 15 characters and one `=`. AWS documents ids as
opaque; the form is read off published captures, and handlers meet it in regular expressions, URL
encoding (`%3D`) and DynamoDB keys, so a local id must look the same.
"""

import base64
import re

ID_BYTES = 11
# Eleven bytes leave two unused bits, so the last character before the padding is one of sixteen.
_WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{14}[AEIMQUYcgkosw048]=", re.ASCII)


def encode_id(raw: bytes) -> str:
    """The 16-character id of `ID_BYTES` bytes."""
    return base64.urlsafe_b64encode(raw).decode("ascii")


def is_well_formed_id(text: str) -> bool:
    """Whether `text` could be an id that API Gateway made (a malformed one is a 400, not a 410)."""
    return _WELL_FORMED.fullmatch(text) is not None


def message_id(connection_id: str, request_id: str) -> str:
    """The id of a message: as on AWS it ends like its connection's id (the last five bytes)."""
    return request_id[:8] + connection_id[8:]
