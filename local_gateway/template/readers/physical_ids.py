"""Made-up physical ids for resources that exist in the gateway only.

They look like the ones AWS gives out and depend on the stack's name and the logical id alone, so
that a restart keeps every URL and ARN.
"""

import hashlib
import string

from local_gateway.template.document.stack import Stack

_API_ID_LENGTH = 10
_LONGEST_NAME = 64
_ALPHABET = string.digits + string.ascii_lowercase


def made_up_id(stack: Stack, logical_id: str, length: int = _API_ID_LENGTH) -> str:
    """`length` lower-case letters and digits, the form of an API id."""
    digest = hashlib.sha256(f"{stack.name}/{logical_id}".encode()).digest()
    number = int.from_bytes(digest)
    characters = []
    for _ in range(length):
        number, remainder = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[remainder])
    return "".join(characters)


def generated_name(stack: Stack, logical_id: str) -> str:
    """The name of a resource that the template does not name: `{stack}-{logical id}`.

    A longer name than 64 characters is cut, and told from others that begin alike by its end.
    """
    name = f"{stack.name}-{logical_id.rpartition('/')[2]}"
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[: _LONGEST_NAME - 13]}-{made_up_id(stack, logical_id, 12)}"


def api_host(stack: Stack, api_id: str) -> str:
    """The host name an API has on AWS."""
    return f"{api_id}.execute-api.{stack.region}.{stack.url_suffix}"
