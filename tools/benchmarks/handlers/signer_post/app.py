"""Sends a message back to its sender without a client: botocore's signer and urllib3."""

import os
from typing import Any
from urllib.parse import quote

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SETTINGS = os.environ  # noqa: TID251 - the handler's own settings
ENDPOINT = SETTINGS["MANAGEMENT_API_ENDPOINT"]
SIGNER = SigV4Auth(
    Credentials(
        SETTINGS["AWS_ACCESS_KEY_ID"],
        SETTINGS["AWS_SECRET_ACCESS_KEY"],
        SETTINGS["AWS_SESSION_TOKEN"],
    ),
    "execute-api",
    SETTINGS["AWS_REGION"],
)
HTTP = urllib3.PoolManager()


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, int]:
    """Post the body to the connection that it came from."""
    connection_id = quote(event["requestContext"]["connectionId"], safe="")
    url = f"{ENDPOINT}/@connections/{connection_id}"
    request = AWSRequest("POST", url, data=event["body"].encode())
    SIGNER.add_auth(request)
    answer = HTTP.request("POST", url, body=request.data, headers=dict(request.headers.items()))
    return {"statusCode": answer.status}
