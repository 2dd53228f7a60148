import pytest

from local_gateway.core.http import Headers, Pairs, Request
from local_gateway.core.iam.signer import Signer
from local_gateway.core.model import Application


@pytest.mark.parametrize(
    ("headers", "query_string"),
    [
        ((("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20240209/x, Signature=0"),), ""),
        ((), "X-Amz-Credential=AKID%2F20240209%2Fx"),
    ],
)
def test_a_signed_request_names_its_caller(headers: Pairs, query_string: str) -> None:
    application = Application(
        stack_name="s",
        account_id="123456789012",
        region="eu-west-1",
        partition="aws",
        functions={},
        websocket_apis=(),
        http_apis=(),
    )
    signed = Request(method="GET", path="/", query_string=query_string, headers=Headers(headers))
    signer = Signer.from_request(signed, application)
    assert dict(signer.identity()) == {
        "accessKey": "AKID",
        "accountId": "123456789012",
        "caller": "AKID",
        "user": "AKID",
        "userArn": "arn:aws:iam::123456789012:user/local",
    }
