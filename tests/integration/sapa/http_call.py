"""Calling the HTTP API's function."""

import base64
import gzip
import json
from dataclasses import dataclass
from typing import Any

from functions.api.app import lambda_handler
from tests.integration.sapa.stack import lambda_context


@dataclass(frozen=True, slots=True)
class Answer:
    """A proxy result, decoded."""

    status: int
    headers: dict[str, str]
    cookies: list[str]
    body: str

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The refusal in the body."""
        error = self.json["error"]
        assert set(error) <= {"code", "message", "fields"}
        return dict(error)


def call(event: dict[str, Any]) -> Answer:
    """Invoke the function."""
    result = lambda_handler(event, lambda_context())
    body = result.get("body") or ""
    if result["isBase64Encoded"]:
        raw = base64.b64decode(body)
        gzipped = result["headers"].get("Content-Encoding") == "gzip"
        body = (gzip.decompress(raw) if gzipped else raw).decode()
    return Answer(result["statusCode"], result["headers"], result.get("cookies", []), body)
