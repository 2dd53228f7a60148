"""Feed the exchange: prices that walk at random, published from outside like any service does.

    make feed                             to the bot of `make run`
    make feed ARGS="--url PublishUrl"     to the one on AWS; the stack's outputs have the URL

Each price is one `POST /publish`, signed with AWS credentials: on AWS with yours, on this computer
with made-up ones.
"""

import argparse
import json
import math
import random
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session

from tools.scripts.stacks import aws_reason, one_line

FIRST_PRICE = 100.0
ACCEPTED = 202
VOLATILITY = 0.004
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_REGION = re.compile(r"\.execute-api\.([a-z0-9-]+)\.")

type Publish = Callable[[str, dict[str, object]], None]


def walk(symbols: Sequence[str], seed: int | None = None) -> Iterator[tuple[str, float]]:
    """Prices without end: each symbol in turn, each a small step up or down from its last price."""
    dice = random.Random(seed)  # noqa: S311 - a play, no secret
    prices = dict.fromkeys(symbols, FIRST_PRICE)
    while True:
        for symbol in prices:
            prices[symbol] *= math.exp(dice.gauss(0, VOLATILITY))
            yield symbol, round(prices[symbol], 2)


class Publisher:
    """Publishes by POST to `url`, over one connection that stays open.

    Raises `ValueError` when there are no credentials to sign with, and for a publish that is not
    accepted.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = URLLib3Session()
        self._signer = _signer(url)

    def __call__(self, channel: str, payload: dict[str, object]) -> None:
        body = json.dumps({"channel": channel, "payload": payload})
        headers = {"Content-Type": "application/json"}
        request = AWSRequest("POST", self._url, headers, body)
        self._signer.add_auth(request)
        try:
            answer = self._http.send(request.prepare())
        except BotoCoreError as error:
            raise ValueError(f"{self._url} does not answer; is `make run` running?") from error
        if answer.status_code != ACCEPTED:
            text = one_line(answer.content.decode(errors="replace"))
            raise ValueError(f"{self._url} answered {answer.status_code}: {text}")


def _signer(url: str) -> SigV4Auth:
    host = urlsplit(url).hostname or ""
    region = _REGION.search(host)
    try:
        session = boto3.Session()
        is_local = host in LOOPBACK
        credentials = Credentials("local", "local") if is_local else session.get_credentials()
    except BotoCoreError as error:
        raise ValueError(aws_reason(error)) from error
    if credentials is None:
        raise ValueError("no AWS credentials to sign with; log in with the AWS CLI first")
    name = region[1] if region else session.region_name or "us-east-1"
    return SigV4Auth(credentials, "execute-api", name)


def feed(prices: Iterator[tuple[str, float]], publish: Publish, pause: Callable[[], None]) -> None:
    """Publish each price to its channel, `price:SYMBOL`, and print it."""
    for symbol, price in prices:
        publish(f"price:{symbol}", {"price": price})
        print(f"{symbol} {price:.2f}", flush=True)
        pause()


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line says; ends the program when it makes no sense."""
    parser = argparse.ArgumentParser(prog="make feed", description="Prices that walk at random.")
    parser.add_argument("--url", default="http://localhost:8080/publish", help="where to POST")
    parser.add_argument("--symbols", default="SAPA,HALO", help="separated by commas")
    parser.add_argument("--interval", type=float, default=0.5, help="seconds between two prices")
    parser.add_argument("--count", type=int, help="how many prices; without end by default")
    parser.add_argument("--seed", type=int, help="the same prices each time")
    options = parser.parse_args(given)
    options.symbols = [symbol for symbol in options.symbols.split(",") if symbol]
    if not options.symbols or options.interval < 0 or (options.count or 0) < 0:
        parser.error("there has to be a symbol, and neither interval nor count is negative")
    if urlsplit(options.url).scheme not in {"http", "https"}:
        parser.error("--url begins with http:// or https://")
    return options


def main() -> int:
    """Feed until the end or Ctrl-C; status 1 with one line when a price is not accepted."""
    options = arguments()
    prices = islice(walk(options.symbols, options.seed), options.count)
    try:
        feed(prices, Publisher(options.url), lambda: time.sleep(options.interval))
    except ValueError as error:
        print(f"feed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
