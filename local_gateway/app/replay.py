"""The composition root of `replay`: functions without an API in front of them."""

from contextlib import AsyncExitStack
from typing import TextIO, override

from local_gateway.app.startup import make_runtime, read_version, run_hook, warm
from local_gateway.app.version import VersionReader
from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.core.model import Application
from local_gateway.recording.expected_calls import ExpectedCalls
from local_gateway.recording.reader import ReadRecording
from local_gateway.recording.replay_server import ReplayServer
from local_gateway.recording.replayer import Replayer, expected_calls
from local_gateway.recording.report import Report, Summary
from local_gateway.records import LogLine, Record
from local_gateway.server.bound_ports import Places
from local_gateway.server.interfaces import Sources
from local_gateway.server.listener import Listener
from local_gateway.settings import GatewaySettings
from local_gateway.terminal.terminal import Terminal


async def replay(
    settings: GatewaySettings,
    recording: ReadRecording,
    report: Report,
    terminal: Terminal,
    places: Places,
    aws: MotoServer,
) -> Summary:
    """Start the template's functions, invoke what was recorded, and report what has changed.

    Serves nothing but the management API, on bound ports. Raises `GatewayError` when the template
    cannot be served.
    """
    async with AsyncExitStack() as stack:
        stack.callback(terminal.flush)
        reader = VersionReader(settings, places)
        application = (await read_version(terminal, aws, reader)).application
        runtime = make_runtime(settings, terminal.observe, application, aws)
        await runtime.start()
        stack.push_async_callback(runtime.close)
        await warm(runtime, application)
        calls = expected_calls(recording)
        await _serve_management_api(stack, terminal, places, application, calls)
        await run_hook(settings, terminal, application, places, aws)
        summary = Summary(recording)
        replayer = Replayer(runtime, application.functions, recording, calls)
        async for replayed in replayer.replay():
            summary.add(replayed)
            report.event(replayed)
        report.end(summary)
        return summary


async def _serve_management_api(
    stack: AsyncExitStack,
    terminal: Terminal,
    places: Places,
    application: Application,
    calls: ExpectedCalls,
) -> None:
    stages = (stage.name for api in application.websocket_apis for stage in api.stages)
    server = ReplayServer(calls, frozenset(stages))
    for sockets in places:
        listener = Listener(sockets, server.handle, sources=Sources(), observe=terminal.observe)
        await listener.start()
        stack.push_async_callback(listener.close)


class ReplayTerminal(Terminal):
    """Shows announcements, and what functions print if `logs` are asked for."""

    def __init__(self, out: TextIO, *, logs: bool) -> None:
        super().__init__(out, verbose=logs)
        self._errors = out
        self._logs = logs

    @property
    def output_of_commands(self) -> TextIO | None:
        """Beside the announcements: standard output is for the report alone."""
        return self._errors

    @override
    def observe(self, record: Record, /) -> None:
        if self._logs or not isinstance(record, LogLine):
            super().observe(record)
