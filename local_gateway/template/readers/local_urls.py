"""Turns the URLs that an API has on AWS into those it has on this machine."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from local_gateway.template.document.stack import Stack
from local_gateway.template.readers.physical_ids import api_host


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalUrls:
    """`origin` is such as `http://127.0.0.1:8080`; `origins` names others by API id."""

    stack: Stack
    api_ids: frozenset[str]
    origin: str
    origins: Mapping[str, str] = field(default_factory=dict)

    def localise(self, text: str) -> str:
        """`text` with `https://` and `wss://` URLs of the template's APIs replaced."""
        if ".execute-api." not in text:
            return text
        for api_id in self.api_ids:
            origin = self.origins.get(api_id, self.origin)
            host = re.escape(api_host(self.stack, api_id))
            text = _replaced(text, rf"https?://{host}", origin)
            text = _replaced(text, rf"wss?://{host}", re.sub("^http", "ws", origin))
        return text


def _replaced(text: str, pattern: str, origin: str) -> str:
    """The host must end there, or it is another one that only begins alike."""
    return re.sub(rf"{pattern}(?::443)?(?![\w.-])", lambda _: origin, text)
