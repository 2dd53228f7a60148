"""Functions in temporary directories, a runtime for them, and what it reports."""

import asyncio
import importlib.util
import json
import os
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_gateway.core.invocation import Invocation, Succeeded
from local_gateway.core.model import LambdaFunction, Layer
from local_gateway.runtime.service import LambdaRuntime
from local_gateway.runtime.settings import RuntimeSettings
from tests.support.programs import NODE_MODULES
from tests.support.recorder import DEADLINE, AsyncRecorder

REGION = "eu-central-1"
PYTHON_CLIENTS = ["bootstrap"]
if importlib.util.find_spec("awslambdaric"):
    PYTHON_CLIENTS.append("awslambdaric")
NODE_CLIENTS = ["node"]
# npm builds it, which takes a compiler: only where somebody has installed it.
if (NODE_MODULES / "aws-lambda-ric" / "dist" / "rapid-client.node").is_file():
    NODE_CLIENTS.append("aws-lambda-ric")


@dataclass(frozen=True)
class Code:
    """A handler in each language, called `lambda_handler`."""

    python: str
    node: str


@dataclass
class Runtimes:
    """Makes functions whose code is given as text, and runtimes that run them.

    `client` is one of `PYTHON_CLIENTS` or `NODE_CLIENTS`; code for a single language is text.
    """

    directory: Path
    client: str
    recorder: AsyncRecorder = field(default_factory=AsyncRecorder)
    started: list[LambdaRuntime] = field(default_factory=list)

    @property
    def is_node(self) -> bool:
        """Whether the functions are JavaScript."""
        return self.client in NODE_CLIENTS

    def write(self, root: Path, code: str | Code, name: str = "app") -> None:
        """Write a module of this code into a directory."""
        if isinstance(code, Code):
            code = code.node if self.is_node else code.python
        file = root / f"{name}.{'js' if self.is_node else 'py'}"
        file.write_text(textwrap.dedent(code), encoding="utf-8")

    def function(
        self,
        code: str | Code,
        *,
        logical_id: str = "Fn",
        handler: str = "app.lambda_handler",
        timeout: float = 10.0,
        layers: tuple[Layer, ...] = (),
        environment: dict[str, str] | None = None,
        reserved_concurrency: int | None = None,
        runtime: str = "",
    ) -> LambdaFunction:
        root = self.directory / logical_id
        root.mkdir()
        self.write(root, code)
        return LambdaFunction(
            logical_id=logical_id,
            name=f"stack-{logical_id}",
            arn=f"arn:aws:lambda:{REGION}:123456789012:function:stack-{logical_id}",
            runtime=runtime or ("nodejs20.x" if self.is_node else "python3.13"),
            handler=handler,
            code=root,
            timeout=timeout,
            memory_size=256,
            layers=layers,
            environment=environment or {},
            reserved_concurrency=reserved_concurrency,
            node_modules=(NODE_MODULES,) if self.client == "aws-lambda-ric" else (),
        )

    def layer(self, name: str, module: str, code: str | Code) -> Layer:
        """An unbuilt layer, with a package or module."""
        root = self.directory / name
        folder = root / "node_modules" if self.is_node else root
        folder.mkdir(parents=True)
        self.write(folder, code, module)
        mount = "/opt/nodejs" if self.is_node else "/opt/python"
        return Layer(logical_id=name, path=root, source_roots=(root,), mount=mount)

    async def run(self, *functions: LambdaFunction, **settings: Any) -> LambdaRuntime:
        """A started runtime, closed at the end of the test; `settings` are RuntimeSettings'."""
        runtime = LambdaRuntime(
            {function.logical_id: function for function in functions},
            region=REGION,
            settings=RuntimeSettings(use_awslambdaric=self.client == "awslambdaric", **settings),
            observe=self.recorder.observe,
        )
        self.started.append(runtime)
        await runtime.start()
        return runtime

    async def serve(self, code: str | Code, **settings: Any) -> LambdaRuntime:
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
    """The living child processes of this one, without runtimes' reapers."""
    own = f"/proc/{os.getpid()}/task/{os.getpid()}/children"
    pids = map(int, Path(own).read_text(encoding="ascii").split())
    return {pid for pid in pids if b"reaper.py" not in Path(f"/proc/{pid}/cmdline").read_bytes()}


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
