"""Replays a recording: runs the functions of a template without its APIs."""

from contextlib import AsyncExitStack
from typing import TextIO, override

from local_gateway.app.lambda_api import serve_lambda_api
from local_gateway.app.ready_hook import run_ready_hook
from local_gateway.app.startup import Functions, make_runtime, read_version, warm
from local_gateway.app.version import VersionReader
from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.core.model import Application
from local_gateway.recording.expected_calls import ExpectedCalls
from local_gateway.recording.reader import LoadedRecording
from local_gateway.recording.replay_server import ReplayServer
from local_gateway.recording.replayer import Replayer, expected_calls
from local_gateway.recording.report import Report, Summary
from local_gateway.records import LogLine, Record, ignore
from local_gateway.runtime.log_tail import LogTails
from local_gateway.server.bound_ports import BoundPorts
from local_gateway.server.interfaces import ClockAndIds
from local_gateway.server.lambda_api import LambdaApi
from local_gateway.server.listener import Listener
from local_gateway.settings import GatewaySettings
from local_gateway.terminal.terminal import Terminal


async def replay(
    settings: GatewaySettings,
    recording: LoadedRecording,
    report: Report,
    terminal: Terminal,
    ports: BoundPorts,
    aws: MotoServer,
) -> Summary:
    """Start the template's functions, invoke them with the recorded events, and report changes.

    Of the APIs, it serves only the management API. Raises `GatewayError` when the template cannot
    be served.
    """
    async with AsyncExitStack() as stack:
        stack.callback(terminal.flush)
        reader = VersionReader(settings, ports, terminal.say)
        application = (await read_version(terminal, aws, reader)).application
        runtime = make_runtime(settings, terminal.observe, application, aws)
        await runtime.start()
        stack.push_async_callback(runtime.close)
        await warm(runtime, application)
        await _serve_lambda_api(stack, runtime, application, aws)
        calls = expected_calls(recording)
        await _serve_management_api(stack, terminal, ports, application, calls)
        await run_ready_hook(settings, terminal, application, ports, aws.endpoint_url)
        summary = Summary(recording)
        replayer = Replayer(runtime, application.functions, recording, calls)
        async for replayed in replayer.replay():
            summary.add(replayed)
            report.event(replayed)
        report.end(summary)
        return summary


async def _serve_lambda_api(
    stack: AsyncExitStack, runtime: Functions, application: Application, aws: MotoServer
) -> None:
    """Let functions call functions; what they invoke asynchronously is in the recording itself."""
    api = LambdaApi(
        runtime,
        lambda *_, **__: None,
        log_tails=LogTails(),
        clock=ClockAndIds(),
        observe=ignore,
    )
    api.serve(application)
    await serve_lambda_api(api, aws, ignore, stack)


async def _serve_management_api(
    stack: AsyncExitStack,
    terminal: Terminal,
    ports: BoundPorts,
    application: Application,
    calls: ExpectedCalls,
) -> None:
    stages = (stage.name for api in application.websocket_apis for stage in api.stages)
    server = ReplayServer(calls, frozenset(stages))
    for sockets in ports:
        listener = Listener(sockets, server.handle, clock=ClockAndIds(), observe=terminal.observe)
        await listener.start()
        stack.push_async_callback(listener.close)


class ReplayTerminal(Terminal):
    """Shows announcements, and with `logs` what functions print."""

    def __init__(self, out: TextIO, *, logs: bool) -> None:
        super().__init__(out, verbose=logs)
        self._errors = out
        self._logs = logs

    @property
    @override
    def output_of_commands(self) -> TextIO | None:
        return self._errors  # standard output is for the report alone

    @override
    def observe(self, record: Record, /) -> None:
        if self._logs or not isinstance(record, LogLine):
            super().observe(record)
