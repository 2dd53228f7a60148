"""Kills what execution environments leave behind: processes that have left their group.

A process of its own, so that it also does its work after the gateway was killed. Standard input is
a pipe whose other end only the gateway holds. A line is `+` or `-` and the name of an environment's
log stream, which each of its processes has among its variables: `-` says that the environment has
ended. At the end of the input they all have.
"""

import os
import signal
import time

_MOST_ROUNDS = 100
_PAUSE_SECONDS = 0.01


def main() -> None:
    """Kill after each environment's end, and at the end of the input."""
    watched: set[bytes] = set()
    rest = b""
    while data := os.read(0, 65536):
        *lines, rest = (rest + data).split(b"\n")
        ended = {line[1:] for line in lines if line.startswith(b"-")}
        watched |= {line[1:] for line in lines if line.startswith(b"+")}
        watched -= ended
        if ended:
            kill_all(ended)
    if watched:
        kill_all(watched)


def kill_all(streams: set[bytes]) -> None:
    """Kill every process of these environments, until there is none."""
    variables = {b"AWS_LAMBDA_LOG_STREAM_NAME=" + stream for stream in streams}
    for _ in range(_MOST_ROUNDS):
        left = [pid for pid in _processes() if not variables.isdisjoint(_variables(pid))]
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:  # it has ended, or is another user's
                continue
        time.sleep(_PAUSE_SECONDS)


def _processes() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]  # noqa: PTH208


def _variables(pid: int) -> list[bytes]:
    """What a process was started with; nothing if it has ended, or is another user's."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123 - imports little
            return file.read().split(b"\0")
    except OSError:
        return []


if __name__ == "__main__":
    main()
