"""wscat from the npm registry in a terminal, typed into as the README says."""

import pytest

from tests.support.bot import Bot
from tests.support.client import COOKIE
from tests.support.wscat import Wscat


def test_wscat_greets(bot: Bot, token: str) -> None:
    with Wscat("-c", bot.socket_url, "-H", f"Cookie: {COOKIE}={token}") as wscat:
        wscat.wait_for("Connected")
        wscat.type('{"message": "Hai!"}')
        wscat.wait_for(r'\{"message": ?"Halo!"\}')
        wscat.type('{"message": "Bagaimana kabarmu?"}')
        wscat.wait_for(r'\{"message": ?"Hebat! Bagaimana denganmu\?"\}')
        wscat.type("Hai!")
        wscat.wait_for("invalid_json")


def test_wscat_without_cookie_gets_401(bot: Bot) -> None:
    with Wscat("-c", bot.socket_url) as wscat:
        wscat.wait_for("401")


@pytest.mark.local_only
def test_printed_wscat_line_works(bot: Bot) -> None:
    assert bot.program is not None
    line = bot.program.wait_for(r'wscat -c (\S+) -H "([^"]+)"')
    with Wscat("-c", line[1], "-H", line[2]) as wscat:
        wscat.wait_for("Connected")
        wscat.type('{"message": "Hai!"}')
        wscat.wait_for(r'\{"message": ?"Halo!"\}')
