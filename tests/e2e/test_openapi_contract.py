"""Requests made from the OpenAPI document, right and wrong ones: the bot answers as it promises.

A status, a body or a content type that the document does not have, a 5xx, wrong data that is
accepted and right data that is refused fail here. The requests are the same in each run.
"""

import re
import sys
from pathlib import Path

import pytest

from tests.support.bot import USERNAME, Bot
from tests.support.programs import Program

pytestmark = pytest.mark.local_only

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
SECONDS_AT_MOST = 180.0


def test_http_api_keeps_what_its_document_promises(bot: Bot, token: str) -> None:
    credentials = bot.stack.session.get_credentials()
    assert credentials is not None
    variables = {
        "SCHEMATHESIS_HOOKS": "tests.support.openapi_requests",
        "SAPA_USERNAME": USERNAME,
        "SAPA_PASSWORD": bot.password,
        "SAPA_TOKEN": token,
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_REGION": bot.stack.session.region_name,
    }
    schemathesis = (sys.executable, "-m", "schemathesis.cli")
    options = ("--config-file", CONFIGURATION, "run", f"{bot.base_url}/openapi.json")
    before = len(bot.output)
    with Program(*schemathesis, *options, variables=variables) as program:
        status = program.wait(SECONDS_AT_MOST)
    assert status == 0, program.output
    # Refusals alone would prove little.
    answers = bot.output[before:]
    for answer in ("POST /auth/login +200", "GET /auth/session +200", "POST /publish +202"):
        assert re.search(answer, answers), program.output
