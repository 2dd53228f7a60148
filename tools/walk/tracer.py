"""Counts the calls of one Python process: copied into it as `sitecustomize.py`.

`python -m tools.walk` talks to it over a Unix socket, a line each way: `start` begins at nothing,
`read` answers what was called since. Standard library alone: it runs before everything else.
"""

import json
import os
import socket
import sys
import threading
from types import CodeType

_TOOL = sys.monitoring.PROFILER_ID
_EVENTS = sys.monitoring.events


class Tracer:
    """Counts how often functions are entered whose files lie under `root`.

    A coroutine or generator that goes on is entered again, as `sys.setprofile` sees it too.
    """

    def __init__(self, root: str) -> None:
        self._root = root + os.sep
        self._calls: dict[str, int] = {}
        sys.monitoring.use_tool_id(_TOOL, "walk")
        for event in (_EVENTS.PY_START, _EVENTS.PY_RESUME):
            sys.monitoring.register_callback(_TOOL, event, self._entered)

    def start(self) -> dict[str, int]:
        """Count from now on."""
        self._calls = {}
        sys.monitoring.set_events(_TOOL, _EVENTS.PY_START | _EVENTS.PY_RESUME)
        return {}

    def read(self) -> dict[str, int]:
        """The calls so far, by file."""
        return dict(self._calls)

    def stop(self) -> dict[str, int]:
        """Count no more."""
        sys.monitoring.set_events(_TOOL, _EVENTS.NO_EVENTS)
        return {}

    def _entered(self, code: CodeType, offset: int) -> object:
        file = code.co_filename
        if not file.startswith(self._root) or file.endswith("sitecustomize.py"):
            return sys.monitoring.DISABLE
        self._calls[file] = self._calls.get(file, 0) + 1
        return None


def _serve(tracer: Tracer, walk: socket.socket) -> None:
    commands = {"start": tracer.start, "read": tracer.read, "stop": tracer.stop}
    with walk, walk.makefile("rw", encoding="utf-8") as lines:
        for line in lines:
            answer = commands[line.strip()]()
            lines.write(json.dumps(answer) + "\n")
            lines.flush()


def begin(root: str, address: str) -> None:
    """Say who this process is, then answer; without anybody at `address` do nothing."""
    walk = socket.socket(socket.AF_UNIX)
    try:
        walk.connect(address)
    except OSError:
        return
    code = os.environ.get("LAMBDA_TASK_ROOT", "")  # noqa: TID251 - which function this is
    hello = {"pid": os.getpid(), "function": os.path.basename(code)}  # noqa: PTH119 - no pathlib
    walk.sendall(json.dumps(hello).encode() + b"\n")
    threading.Thread(target=_serve, args=(Tracer(root), walk), daemon=True).start()
