"""The errors of the Lambda API, as the SDKs read them.

Source: Lambda API reference, "Invoke", "Errors", and the service model of `lambda`.
"""

import json

from local_gateway.core.http import Headers, Response


class LambdaApiError(Exception):
    """A refused call: the SDKs choose the exception by `error_type`.

    `detail` is for the developer.
    """

    def __init__(self, status: int, error_type: str, message: str, **members: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type
        self.members = members
        self.detail = f"{error_type}: {message}"

    def response(self, request_id: str) -> Response:
        """The answer to the call."""
        # The model of ResourceNotFoundException alone spells the member with a capital.
        key = "Message" if self.error_type == "ResourceNotFoundException" else "message"
        side = "Service" if self.status >= 500 else "User"
        content = {"Type": side, **self.members, key: str(self)}
        headers = (
            ("Content-Type", "application/json"),
            ("x-amzn-ErrorType", self.error_type),
            ("x-amzn-RequestId", request_id),
        )
        return Response(self.status, Headers(headers), json.dumps(content).encode())


class ThrottledError(LambdaApiError):
    """Reserved concurrency is used up."""

    def __init__(self) -> None:
        super().__init__(
            429,
            "TooManyRequestsException",
            "Rate Exceeded.",
            Reason="ReservedFunctionConcurrentInvocationLimitExceeded",
        )


def function_not_found(arn: str) -> LambdaApiError:
    """No such function, version or alias."""
    return LambdaApiError(404, "ResourceNotFoundException", f"Function not found: {arn}")


def invalid_parameter(message: str) -> LambdaApiError:
    """A parameter is wrong."""
    return LambdaApiError(400, "InvalidParameterValueException", message)


def validation_error(member: str, value: str, pattern: str) -> LambdaApiError:
    """A parameter does not have its form."""
    return LambdaApiError(
        400,
        "ValidationException",
        f"1 validation error detected: Value '{value[:200]}' at '{member}' failed to satisfy "
        f"constraint: Member must satisfy regular expression pattern: {pattern}",
    )


def recursive_loop(detail: str) -> LambdaApiError:
    """The function has been invoked too often in one chain."""
    error = LambdaApiError(
        400,
        "RecursiveInvocationException",
        "Lambda has detected your function being invoked in a recursive loop with other Amazon "
        "Web Services resources and stopped your function's invocation.",
    )
    error.detail = detail
    return error
