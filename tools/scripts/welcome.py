"""Run by the local gateway when it is ready: a demo user, and how to talk to the bot as it.

The password is `DEMO_PASSWORD`, else a random one. Logs in once over HTTP, so that the wscat line
carries a cookie that works.
"""

import base64
import http.client
import json
import os
import secrets
import shlex
import sys
import urllib.error
import urllib.request
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

import boto3

from tools.scripts.create_user import UserError, create_user, random_password
from tools.scripts.stacks import one_line

USERNAME = "demo"
COOKIE = "gen_app_auth_token"


def log_in(url: str, username: str, password: str) -> str:
    """The cookie's value after a login; raises `ValueError` with the server's answer."""
    body = json.dumps({"username": username, "password": password}).encode()
    request = urllib.request.Request(  # noqa: S310 - the gateway's own address
        f"{url}/auth/login", body, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            status, answer = response.status, response.read()
            cookies = SimpleCookie("; ".join(response.headers.get_all("Set-Cookie", ())))
    except urllib.error.HTTPError as error:
        status, answer, cookies = error.code, error.read(), SimpleCookie()
    except (OSError, http.client.HTTPException) as error:
        raise ValueError(f"{url}/auth/login does not answer: {one_line(str(error))}") from error
    if COOKIE not in cookies:
        text = one_line(answer.decode(errors="replace"))
        raise ValueError(f"{url}/auth/login answered {status} without the cookie {COOKIE}: {text}")
    return cookies[COOKIE].value


def warm_up(url: str, token: str) -> None:
    """Open a WebSocket once; raises `ValueError` when that is refused.

    The first handshake starts a function after the other, which takes seconds in containers.
    """
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(secrets.token_bytes(16)).decode(),
        "Cookie": f"{COOKIE}={token}",
    }
    try:
        connection.request("GET", "/ws", headers=headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise ValueError(f"{url}/ws does not answer: {one_line(str(error))}") from error
    finally:
        connection.close()
    if status != http.HTTPStatus.SWITCHING_PROTOCOLS:
        raise ValueError(f"{url}/ws answered {status} to the handshake")


def lines(url: str, password: str, token: str, warp: str) -> list[str]:
    """What to paste where; the page's address has `warp` if sockets end sooner."""
    login = json.dumps({"username": USERNAME, "password": password})
    socket_url = url.replace("http", "ws", 1) + "/ws"
    page = f"{url}/" if warp == "1" else f"{url}/?warp={warp}"
    return [
        "",
        f"  Page      {page}",
        f"  User      {USERNAME}",
        f"  Password  {password}",
        "",
        f"  curl -i {url}/auth/login -H 'Content-Type: application/json' -d {shlex.quote(login)}",
        f'  wscat -c {socket_url} -H "Cookie: {COOKIE}={token}"',
        '  > {"message": "Hai!"}',
        "",
    ]


def main() -> int:
    """Create the user, log in, print; status 1 with one line when that fails."""
    url, outputs = os.environ["LOCAL_GATEWAY_URL"], json.loads(os.environ["STACK_OUTPUTS"])
    password = os.environ.get("DEMO_PASSWORD") or random_password()
    if "UserPoolId" not in outputs:
        print("welcome: the template has no output UserPoolId", file=sys.stderr)
        return 1
    try:
        create_user(boto3.client("cognito-idp"), outputs["UserPoolId"], USERNAME, password)
        token = log_in(url, USERNAME, password)
        if os.environ.get("LOCAL_GATEWAY_LAMBDA_ENDPOINT"):
            warm_up(url, token)
    except (UserError, ValueError) as error:
        print(f"welcome: user {USERNAME!r} cannot log in: {error}", file=sys.stderr)
        return 1
    warp = os.environ["LOCAL_GATEWAY_WARP"]
    print("\n".join(lines(url, password, token, warp)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
