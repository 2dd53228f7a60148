"""The stand-in for `sam local start-lambda` answers exactly what SAM answered."""

import aiohttp
import pytest

from tests.support.start_lambda import (
    CAPTURED,
    PREFIX,
    SUFFIX,
    CapturedAnswer,
    StartLambda,
    returning,
    serving,
)

FROM_CONTAINERS = [name for name, answer in CAPTURED.items() if answer["status"] == 200]
REQUESTS = {
    "Missing": ("POST", f"{PREFIX}Missing{SUFFIX}", "{}"),
    "not JSON": ("POST", f"{PREFIX}Works{SUFFIX}", "{"),
    "another path": ("GET", "/", ""),
}


async def ask(service: StartLambda, method: str, path: str, body: str) -> CapturedAnswer:
    async with (
        serving(service) as url,
        aiohttp.ClientSession() as session,
        session.request(method, f"{url}{path}", data=body) as answer,
    ):
        headers = {
            name: value for name, value in answer.headers.items() if name not in {"Date", "Server"}
        }
        return CapturedAnswer(answer.status, headers, await answer.read())


@pytest.mark.parametrize("name", FROM_CONTAINERS)
async def test_results_and_errors_are_those_of_sam(name: str) -> None:
    service = StartLambda({"Works": returning(name)})
    answer = await ask(service, "POST", f"{PREFIX}Works{SUFFIX}", "{}")
    assert answer == CapturedAnswer.named(name)


@pytest.mark.parametrize("name", REQUESTS)
async def test_refusals_are_those_of_sam(name: str) -> None:
    answer = await ask(StartLambda({}), *REQUESTS[name])
    assert answer == CapturedAnswer.named(name)
