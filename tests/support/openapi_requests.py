"""What Schemathesis adds to its requests in its own process: cookie, signatures, right logins."""

import os
from typing import Any

import requests
import schemathesis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.session import get_session

LOGIN = {"username": os.environ["SAPA_USERNAME"], "password": os.environ["SAPA_PASSWORD"]}


@schemathesis.auth().apply_to(path="/auth/session")
class SessionCookie:
    """The cookie of a login."""

    def get(self, case: schemathesis.Case[Any], context: schemathesis.AuthContext) -> str:
        """The cookie's value."""
        return os.environ["SAPA_TOKEN"]

    def set(
        self, case: schemathesis.Case[Any], data: str, context: schemathesis.AuthContext
    ) -> None:
        """Add the cookie to a request."""
        case.cookies["gen_app_auth_token"] = data


class Signature(requests.auth.AuthBase):
    """Signs a request as the SDKs do."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        signed = AWSRequest(request.method, request.url, {}, request.body or b"")
        credentials = get_session().get_credentials()
        assert credentials is not None
        SigV4Auth(credentials, "execute-api", os.environ["AWS_REGION"]).add_auth(signed)
        request.headers.update(dict(signed.headers))
        return request


schemathesis.auth.set_from_requests(Signature()).apply_to(  # type: ignore[attr-defined]
    path="/publish"
)


@schemathesis.hook.apply_to(operation_id="login")  # type: ignore[attr-defined, untyped-decorator]
def map_body(context: schemathesis.HookContext, body: Any) -> Any:
    """Let every fourth login that is well formed be a right one."""
    if isinstance(body, dict) and body.keys() == LOGIN.keys() and len(str(body)) % 4 == 0:
        return LOGIN
    return body
