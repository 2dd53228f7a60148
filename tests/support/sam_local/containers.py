"""`sam local start-lambda` without Docker: SAM's functions and variables, our containers."""

import asyncio
import json
import re
import subprocess
import sys
import threading
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from local_gateway.core.invocation import (
    Failed,
    Invocation,
    InvocationResult,
    Succeeded,
    Throttled,
    TimedOut,
)
from local_gateway.core.model import LambdaFunction, Layer
from local_gateway.runtime.environment_log import EXIT_ERROR
from local_gateway.runtime.service import LambdaRuntime
from local_gateway.runtime.settings import RuntimeSettings
from tests.support.programs import ROOT
from tests.support.start_lambda import StartLambda, serving

HERE = Path(__file__).parent
SAM_PYTHON = ROOT / ".venv-sam/bin/python"
SECONDS = 60.0


def functions_of_sam(template: Path, variables: Path) -> dict[str, dict[str, Any]]:
    """What SAM CLI would run, by logical id; see `samcli_functions.py`."""
    program = [str(SAM_PYTHON), str(HERE / "samcli_functions.py"), str(template), str(variables)]
    # Not one variable of the tests' own environment: SAM would prefer it to the template's.
    done = subprocess.run(program, env={}, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@dataclass(frozen=True, slots=True)
class Network:
    """What the kernel counted in a container: TCP connections, and everything else."""

    asked: int
    accepted: int
    failed: int
    without_route: int
    datagrams: int

    @property
    def strayed(self) -> int:
        """Attempts to reach anything but what was offered."""
        return self.asked - self.accepted + self.failed + self.without_route + self.datagrams


def network_of(pid: int) -> Network:
    """The counters of a process's network namespace."""
    counters: dict[str, int] = {}
    titles: dict[str, list[str]] = {}
    for line in Path(f"/proc/{pid}/net/snmp").read_text().splitlines():
        protocol, *values = line.split()
        if protocol in titles:
            names = (f"{protocol}{name}" for name in titles[protocol])
            counters.update(zip(names, map(int, values), strict=True))
        titles.setdefault(protocol, values)
    lines = Path(f"/proc/{pid}/net/snmp6").read_text().splitlines()
    six = {name: int(value) for name, value in (line.split() for line in lines)}
    return Network(
        asked=counters["Tcp:ActiveOpens"],
        accepted=counters["Tcp:PassiveOpens"],
        failed=counters["Tcp:AttemptFails"],
        without_route=counters["Ip:OutNoRoutes"] + six["Ip6OutNoRoutes"],
        datagrams=counters["Udp:OutDatagrams"] + six["Udp6OutDatagrams"],
    )


@dataclass(frozen=True, slots=True)
class Place:
    """How containers call this machine, at which of its addresses, and where `start-lambda` is."""

    host: str
    address: str
    port: int = 0


def sent_by_container(invocation: Invocation) -> bytes:
    """What AWS's image sends for the result of an invocation; `answers.json` has examples."""
    match invocation.result:
        case Succeeded(payload):
            return payload
        case TimedOut(seconds):
            return f"Task timed out after {seconds:.2f} seconds".encode()
        case Failed(error_type, message):
            error: dict[str, object] = {"errorMessage": message, "errorType": error_type}
            if error_type != EXIT_ERROR:
                error |= {"requestId": invocation.request_id, "stackTrace": []}
            return json.dumps(error).encode()
        case Throttled():
            raise AssertionError("a container runs one invocation after the other")


class Containers:
    """Runs SAM's functions in containers of ours, and serves them as `start-lambda` does.

    Of this machine they reach what their variables name, and nothing else.
    """

    def __init__(
        self, functions: Mapping[str, Mapping[str, Any]], directory: Path, *, place: Place
    ) -> None:
        self._directory = directory
        self._place = place
        self._known = {name: self._function(name, one) for name, one in functions.items()}
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._runtime: LambdaRuntime
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        self._wait(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._wait(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def invoke(self, function: str, event: object) -> InvocationResult:
        """What the function makes of the event."""
        payload = json.dumps(event).encode()
        return self._wait(self._runtime.invoke(function, payload)).result

    def networks(self, function: str) -> list[Network]:
        """What the kernel counted in each container of a function that is alive."""
        pids = (int(file.name) for file in (self._directory / function).iterdir())
        return [network_of(pid) for pid in pids if Path(f"/proc/{pid}").exists()]

    def _function(self, name: str, found: Mapping[str, Any]) -> LambdaFunction:
        pids, config = self._directory / name, self._directory / f"{name}.json"
        pids.mkdir()
        named = re.findall(rf"//{self._place.host}:(\d+)", " ".join(found["variables"].values()))
        ports = sorted(set(map(int, named)))
        config.write_text(
            json.dumps(
                {
                    "variables": found["variables"],
                    "host": self._place.host,
                    "address": self._place.address,
                    "ports": ports,
                    "pids": str(pids),
                }
            )
        )
        layers = (Path(path) for path in found["layers"])
        return LambdaFunction(
            logical_id=name,
            name=name,
            arn=f"arn:aws:lambda:us-east-1:123456789012:function:{name}",
            runtime="python3.13",
            handler=found["handler"],
            code=Path(found["code"]),
            timeout=float(found["timeout"]),
            memory_size=int(found["memory"]),
            layers=tuple(
                Layer(logical_id=path.name, path=path, source_roots=(path / "python",))
                for path in layers
            ),
            environment={"CONTAINER": str(config)},
        )

    async def _start(self) -> None:
        python = self._directory / "python"
        python.write_text(f'#!/bin/sh\nexec {sys.executable} -P {HERE / "container.py"} "$@"\n')
        python.chmod(0o755)
        settings = RuntimeSettings(python=python, use_awslambdaric=True)
        self._runtime = LambdaRuntime(self._known, region="us-east-1", settings=settings)
        self._stack.push_async_callback(self._runtime.close)
        await self._runtime.start()
        service = StartLambda({name: self._behaviour(name) for name in self._known})
        serves = serving(service, self._place.port)
        self.url = await self._stack.enter_async_context(serves)

    def _behaviour(self, name: str) -> Any:
        async def run(event: object) -> object:
            invocation = await self._runtime.invoke(name, json.dumps(event).encode())
            return sent_by_container(invocation)

        return run

    def _wait[Result](self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(SECONDS)
