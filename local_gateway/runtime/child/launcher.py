"""Entry point of an execution environment's process: `launcher.py CLIENT HANDLER`.

CLIENT is `awslambdaric` or `bootstrap` (this directory's own). The process is run with `-P`, so
`sys.path` begins with the task root and the layers as in Lambda, and this directory is not on it.
Standard library only, and little of it: every import here delays every cold start.

Standard input is a pipe whose other end only the gateway holds. When it closes, because the
gateway closed it or was killed, the whole process group is killed.
"""

import os
import signal
import sys
from types import ModuleType


def take_lifeline() -> int:
    """Move standard input to another descriptor; handlers read an empty one, as in Lambda."""
    lifeline = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return lifeline


def guard_by_signal(lifeline: int) -> None:
    """Let the kernel kill the group, even while a handler holds the GIL; Linux only."""
    import fcntl

    fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
    flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
    try:
        is_closed = os.read(lifeline, 1) == b""
    except BlockingIOError:
        is_closed = False
    if is_closed:
        os.killpg(0, signal.SIGKILL)


def guard_by_thread(lifeline: int) -> None:
    """Let a thread wait for the end of the pipe, where the kernel has no signal for it."""
    import threading

    def wait() -> None:
        while os.read(lifeline, 1):
            pass
        if hasattr(os, "killpg"):
            os.killpg(0, signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def run_awslambdaric(handler: str) -> None:
    """Run Amazon's own runtime interface client like its `__main__`, but without threads.

    Since python3.12 it asks for each event in a new thread, so that signal handlers can run while
    it waits. Nothing here sends such signals, and the threads double an invocation's time.
    """
    from importlib import import_module

    client = import_module("awslambdaric.lambda_runtime_client")
    bootstrap = import_module("awslambdaric.bootstrap")
    bootstrap.run(handler, client.LambdaRuntimeClient(api_address(), False))


def run_bootstrap(handler: str) -> None:
    """Run this directory's client."""
    client = load("runtime_api_client").RuntimeApiClient(api_address())
    load("bootstrap").run(client, handler, load("lambda_context").LambdaContext)


def api_address() -> str:
    """`host:port` of this environment's Runtime API."""
    return os.environ["AWS_LAMBDA_RUNTIME_API"]  # noqa: TID251 - Lambda's side of the contract


def redirect(hosts: str) -> None:
    """Send requests to the APIs' host names to the gateway, once a handler imports `ssl`."""
    redirection = load("redirection")
    redirection.when_imported(
        "ssl", lambda: load("plain_http").use_plain_http(redirection.decode_hosts(hosts))
    )


def load(name: str) -> ModuleType:
    """Load a file of this directory by its path: the gateway is not on `sys.path`."""
    from importlib.machinery import SourceFileLoader

    path = os.path.join(os.path.dirname(__file__), f"{name}.py")  # noqa: PTH118, PTH120
    module = ModuleType(f"_local_gateway_{name}")
    module.__file__ = path
    SourceFileLoader(module.__name__, path).exec_module(module)
    return module


def main() -> None:
    """Guard the process, then serve invocations until it is killed."""
    client, handler = sys.argv[1:]
    sys.argv[:] = [sys.argv[0], handler]
    lifeline = take_lifeline()
    if sys.platform == "linux":
        guard_by_signal(lifeline)
    else:
        guard_by_thread(lifeline)
    hosts = os.environ.get("LOCAL_GATEWAY_API_HOSTS")  # noqa: TID251 - set for this process alone
    if hosts:
        redirect(hosts)
    if client == "awslambdaric":
        run_awslambdaric(handler)
    else:
        run_bootstrap(handler)


if __name__ == "__main__":
    main()
