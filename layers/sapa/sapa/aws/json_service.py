"""The JSON protocol of DynamoDB, SQS and Cognito: each operation is a POST whose header names it.

Source: DynamoDB developer guide, "DynamoDB low-level API"; SQS developer guide, "Making Query API
requests using AWS JSON protocol".
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from sapa.aws.endpoint import Body, Retries, SignedEndpoint, UnreachableError


class CallError(Exception):
    """A call failed; `code` is the service's error code, or the error of the connection.

    `details` is the service's answer, empty when there was none.
    """

    def __init__(self, code: str, details: Mapping[str, Any]) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


class JsonService:
    """Calls operations; `target` is the prefix of their names, `version` that of the protocol."""

    def __init__(
        self, endpoint: SignedEndpoint, *, target: str, version: str, retries: Retries
    ) -> None:
        self._endpoint = endpoint
        self._target = target
        self._content_type = f"application/x-amz-json-{version}"
        self._retries = retries

    def call(self, operation: str, content: Mapping[str, Any]) -> Any:
        """The answer to an operation, a JSON object. Raises `CallError`."""
        body = Body.from_bytes(json.dumps(content).encode())
        headers = {
            "content-type": self._content_type,
            "x-amz-target": f"{self._target}.{operation}",
        }
        try:
            answer = self._endpoint.send_with_retries("POST", "/", body, self._retries, headers)
        except UnreachableError as error:
            raise CallError(error.reason, {}) from error
        details = _object(answer.body)
        if answer.status != HTTPStatus.OK:
            raise CallError(_code(details, answer.status), details)
        return details


def _object(body: bytes) -> dict[str, Any]:
    """A proxy between us and the service may answer with something else."""
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _code(details: Mapping[str, Any], status: int) -> str:
    """A type is written `namespace#Code`, by some as `Code:address`."""
    kind = str(details.get("__type", "")).rpartition("#")[2].partition(":")[0]
    return kind or f"HTTP {status}"
