"""Run by the local gateway when it is ready: a demo user, and how to talk to the bot as it.

The password is `DEMO_PASSWORD`, else a random one. Logs in once over HTTP, so that the wscat line
carries a cookie that works.
"""

import json
import os
import shlex
import sys
import urllib.error
import urllib.request
from http.cookies import SimpleCookie

import boto3

from tools.scripts.create_user import UserError, create_user, random_password

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
            cookies = SimpleCookie(response.headers["Set-Cookie"])
    except urllib.error.HTTPError as error:
        raise ValueError(f"login answered {error.code}: {error.read().decode()}") from error
    return cookies[COOKIE].value


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
    try:
        create_user(boto3.client("cognito-idp"), outputs["UserPoolId"], USERNAME, password)
        token = log_in(url, USERNAME, password)
    except (UserError, ValueError) as error:
        print(f"welcome: user {USERNAME!r} cannot log in: {error}", file=sys.stderr)
        return 1
    warp = os.environ["LOCAL_GATEWAY_WARP"]
    print("\n".join(lines(url, password, token, warp)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
