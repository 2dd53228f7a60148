"""The second argument that this directory's bootstrap passes to handlers.

Attributes: Lambda developer guide, python-context. Loaded by its path: it imports nothing else
of the gateway.
"""

from __future__ import annotations

import json
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Attributes:
    """An object with the named attributes; None if the mapping has no such key."""

    def __init__(self, names: tuple[str, ...], values: dict[str, Any]) -> None:
        for name in names:
            setattr(self, name, values.get(name))


class CognitoIdentity:
    """`context.identity`: both None unless a mobile SDK invoked the function."""

    def __init__(self, identity: dict[str, Any]) -> None:
        self.cognito_identity_id = identity.get("cognitoIdentityId")
        self.cognito_identity_pool_id = identity.get("cognitoIdentityPoolId")


class ClientContext(_Attributes):
    """`context.client_context`: what a mobile SDK sends."""

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__(("custom", "env"), content)
        names = "installation_id app_title app_version_name app_version_code app_package_name"
        client = content.get("client")
        self.client = None if client is None else _Attributes(tuple(names.split()), client)


class LambdaContext:
    """The second argument of a handler."""

    def __init__(self, headers: dict[str, str]) -> None:
        client_context = headers.get("lambda-runtime-client-context")
        identity = headers.get("lambda-runtime-cognito-identity")
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.function_name = _variable("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = _variable("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = _variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = _variable("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = _variable("AWS_LAMBDA_LOG_STREAM_NAME")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        self.client_context = ClientContext(json.loads(client_context)) if client_context else None
        self.identity = CognitoIdentity(json.loads(identity) if identity else {})
        self._deadline_ms = int(headers["lambda-runtime-deadline-ms"])

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function times out."""
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message: object) -> None:
        """Write to the log, unchanged."""
        sys.stdout.write(str(message))


def _variable(name: str) -> str | None:
    return os.environ.get(name)  # noqa: TID251 - Lambda's side of the contract
