"""Functions in temporary directories, a runtime for them, and what it reports."""

import asyncio
import importlib.util
import json
import os
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_gateway.core.invocation import Invocation, Succeeded
from local_gateway.core.model import LambdaFunction, Layer
from local_gateway.records import InvocationRecord, LogLine, LogStream, Record
from local_gateway.runtime.service import LambdaRuntime
from local_gateway.runtime.settings import RuntimeSettings

REGION = "eu-central-1"
DEADLINE = 20.0

CLIENTS = ["bootstrap"]
if importlib.util.find_spec("awslambdaric"):
    CLIENTS.append("awslambdaric")


@dataclass
class Recorder:
    """Keeps records; `until` waits for something to become true."""

    lines: list[tuple[str, LogStream, str, str | None]] = field(default_factory=list)
    finished: list[InvocationRecord] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def started(self) -> list[str | None]:
        """The request ids of the invocations that have begun, by their START lines."""
        return [
            request_id
            for _, stream, line, request_id in self.lines
            if stream == "platform" and line.startswith("START ")
        ]

    def observe(self, record: Record, /) -> None:
        match record:
            case LogLine(_, function, stream, text, request_id):
                self.lines.append((function, stream, text, request_id))
            case InvocationRecord():
                self.finished.append(record)
        self._news.set()

    def texts(self, stream: LogStream) -> list[str]:
        return [line for _, of, line, _ in self.lines if of == stream]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE):
            while not true():
                self._news.clear()
                await self._news.wait()


@dataclass
class Workshop:
    """Makes functions whose code is given as text."""

    directory: Path
    client: str
    recorder: Recorder = field(default_factory=Recorder)
    runtimes: list[LambdaRuntime] = field(default_factory=list)

    def function(
        self,
        code: str,
        *,
        logical_id: str = "Fn",
        handler: str = "app.lambda_handler",
        timeout: float = 10.0,
        layers: tuple[Layer, ...] = (),
        environment: dict[str, str] | None = None,
        reserved_concurrency: int | None = None,
    ) -> LambdaFunction:
        root = self.directory / logical_id
        root.mkdir()
        (root / "app.py").write_text(textwrap.dedent(code), encoding="utf-8")
        return LambdaFunction(
            logical_id=logical_id,
            name=f"stack-{logical_id}",
            arn=f"arn:aws:lambda:{REGION}:123456789012:function:stack-{logical_id}",
            runtime="python3.13",
            handler=handler,
            code=root,
            timeout=timeout,
            memory_size=256,
            layers=layers,
            environment=environment or {},
            reserved_concurrency=reserved_concurrency,
        )

    def layer(self, name: str, module: str, code: str) -> Layer:
        root = self.directory / name
        root.mkdir()
        (root / f"{module}.py").write_text(textwrap.dedent(code), encoding="utf-8")
        return Layer(logical_id=name, path=root, source_roots=(root,))

    async def run(self, *functions: LambdaFunction, **settings: Any) -> LambdaRuntime:
        """A started runtime, closed at the end of the test; `settings` are RuntimeSettings'."""
        runtime = LambdaRuntime(
            {function.logical_id: function for function in functions},
            region=REGION,
            settings=RuntimeSettings(use_awslambdaric=self.client == "awslambdaric", **settings),
            observe=self.recorder.observe,
        )
        self.runtimes.append(runtime)
        await runtime.start()
        return runtime

    async def serve(self, code: str, **settings: Any) -> LambdaRuntime:
        """A runtime with one function `Fn` of this code."""
        return await self.run(self.function(code), **settings)


async def invoke(runtime: LambdaRuntime, event: object = None, function: str = "Fn") -> Invocation:
    """Invoke with a value as JSON, within a deadline."""
    async with asyncio.timeout(DEADLINE):
        return await runtime.invoke(function, json.dumps(event).encode())


async def value(runtime: LambdaRuntime, event: object = None, function: str = "Fn") -> Any:
    """The value that a handler returned."""
    result = (await invoke(runtime, event, function)).result
    assert isinstance(result, Succeeded), result
    return json.loads(result.payload)


def is_running(pid: int) -> bool:
    """Whether the process exists and has not ended; a zombie has."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def children() -> set[int]:
    """The living child processes of this one."""
    own = f"/proc/{os.getpid()}/task/{os.getpid()}/children"
    return {int(pid) for pid in Path(own).read_text(encoding="ascii").split()}


async def until_gone(*pids: int) -> None:
    """Wait for processes to end."""
    async with asyncio.timeout(DEADLINE):
        for pid in pids:
            await _until_ended(pid)


async def _until_ended(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)
