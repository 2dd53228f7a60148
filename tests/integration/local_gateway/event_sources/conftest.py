"""Event sources with real queues and buses in moto and real execution environments."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local_gateway.aws_services.clients import MotoClients
from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.aws_services.provisioning import provision
from local_gateway.core.model import Application
from local_gateway.event_sources.service import EventSources
from local_gateway.runtime.service import LambdaRuntime
from local_gateway.runtime.settings import RuntimeSettings
from local_gateway.server.interfaces import ClockAndIds
from local_gateway.template.application import build_application
from local_gateway.template.document.stack import Stack
from local_gateway.template.loading.load import load_template
from local_gateway.template.loading.template import ResourceValues
from tests.support.clock import VirtualClock
from tests.support.recorder import AsyncRecorder

_NUMBERS = itertools.count()
_CODE = Path(__file__).parent / "functions"
_HEAD = """\
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.13, CodeUri: %s, Timeout: 1}}
Resources:
"""


@pytest.fixture(scope="session")
def moto() -> Iterator[MotoServer]:
    """A running server."""
    with MotoServer.start() as server:
        yield server


@dataclass
class Running:
    """An application whose event sources run, and what it does."""

    application: Application
    values: ResourceValues
    sources: EventSources
    recorder: AsyncRecorder
    clock: VirtualClock
    clients: MotoClients
    made: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A client of the services behind the application."""
        if service not in self.made:
            self.made[service] = self.clients.client(service)
        return self.made[service]

    def send(self, queue: str, *bodies: str, **parameters: Any) -> None:
        """Send messages to a queue, given by its logical id."""
        for body in bodies:
            url = self.values.refs[queue]
            self.client("sqs").send_message(QueueUrl=url, MessageBody=body, **parameters)

    def left_in(self, queue: str) -> int:
        """How many messages a queue holds, received or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.client("sqs").get_queue_attributes(
            QueueUrl=self.values.refs[queue], AttributeNames=names
        )
        return sum(int(answer["Attributes"][name]) for name in names)

    async def receive(self, queue: str) -> list[dict[str, Any]]:
        """Messages of a queue, waiting for the first."""
        answer = await asyncio.to_thread(
            self.client("sqs").receive_message,
            QueueUrl=self.values.refs[queue],
            WaitTimeSeconds=20,
            MessageAttributeNames=["All"],
        )
        found: list[dict[str, Any]] = answer.get("Messages", [])
        return found


class Stage:
    """Starts applications for one test and stops them after it."""

    def __init__(self, directory: Path, moto: MotoServer, stack: AsyncExitStack) -> None:
        self._directory = directory
        self._moto = moto
        self._stack = stack

    async def run(self, resources: str) -> Running:
        """Serve a template with these resources, which may be SAM's."""
        application, values = self.read(resources, f"sources{next(_NUMBERS)}")
        recorder, clock = AsyncRecorder(), VirtualClock()
        settings = RuntimeSettings(
            base_environment={"AWS_ENDPOINT_URL": self._moto.endpoint_url},
        )
        runtime = LambdaRuntime(
            application.functions, region="us-east-1", settings=settings, observe=recorder.observe
        )
        await runtime.start()
        self._stack.push_async_callback(runtime.close)
        for function in application.functions:
            await runtime.warm(function)
        sources = EventSources(
            self._moto.endpoint_url,
            invoker=runtime,
            observe=recorder.observe,
            clock=clock,
            sources=ClockAndIds(),
        )
        self._stack.push_async_callback(sources.close)
        await sources.deploy(application)
        clients = MotoClients(self._moto.endpoint_url, "us-east-1")
        return Running(application, values, sources, recorder, clock, clients)

    def read(self, resources: str, name: str) -> tuple[Application, ResourceValues]:
        """An application of a stack, and what its queues are called."""
        path = self._directory / "template.yaml"
        path.write_text(_HEAD % _CODE + resources, encoding="utf-8")
        template = load_template(path, stack=Stack(name=name))
        values = provision(self._moto.endpoint_url, template)
        read = build_application(template, values)
        return read.application, values


@pytest.fixture
async def stage(tmp_path: Path, moto: MotoServer) -> AsyncIterator[Stage]:
    """Where a test's application runs."""
    async with AsyncExitStack() as stack:
        yield Stage(tmp_path, moto, stack)
