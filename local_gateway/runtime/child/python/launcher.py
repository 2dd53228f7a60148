"""Entry point of a Python execution environment: `launcher.py LIFELINE CLIENT HANDLER`.

CLIENT is `awslambdaric` or `bootstrap` (this directory's own). The process is run with `-P`, so
`sys.path` begins with the task root and the layers as in Lambda, and this directory is not on it.
Standard library only, and little of it: every import here delays every cold start.

LIFELINE is the descriptor of a pipe whose other end only the gateway holds. When it closes, because
the gateway closed it or was killed, the whole process group is killed: by the kernel on Linux, and
here on other systems.
"""

import os
import signal
import sys
from types import ModuleType


def guard(lifeline: int) -> None:
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
    """Send requests to AWS's host names to the gateway, once a handler imports `ssl`."""
    redirection = load("redirection")

    def use() -> None:
        targets = redirection.decode_hosts(hosts)
        load("plain_http").use_plain_http(lambda name: redirection.find_host(targets, name))

    redirection.when_imported("ssl", use)


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
    lifeline, client, handler = sys.argv[1:]
    sys.argv[:] = [sys.argv[0], handler]
    if sys.platform != "linux":
        guard(int(lifeline))
    hosts = os.environ.get("LOCAL_GATEWAY_API_HOSTS")  # noqa: TID251 - set for this process alone
    if hosts:
        redirect(hosts)
    mounts = os.environ.get("LOCAL_GATEWAY_MOUNTS")  # noqa: TID251 - set for this process alone
    if mounts:
        load("layer_paths").use_layers(mounts)
    if client == "awslambdaric":
        run_awslambdaric(handler)
    else:
        run_bootstrap(handler)


if __name__ == "__main__":
    main()
