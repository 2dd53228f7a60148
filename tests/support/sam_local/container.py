"""A function where `sam local` would put it, less Docker: a network namespace of its own.

Takes the place of an execution environment's interpreter: `container.py ARGUMENTS OF PYTHON`. The
variable `CONTAINER` names a JSON file: `variables` for the function, `host` and its `address`
inside, `ports` of this machine that lead somewhere, and `pids`, a directory that learns which
process belongs to which Runtime API. Inside there is a loopback device and nothing else, so that
the kernel counts every attempt to reach anything (`/proc/PID/net/snmp`). What connects to one of
`ports`, or to the Runtime API, is carried out by a process that stays outside.

Standard library only.
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, NoReturn

SIOCSIFFLAGS = 0x8914
UP_AND_RUNNING = 0x1 | 0x40


def enter(config: dict[str, Any], arguments: list[str]) -> NoReturn:
    """Leave a carrier outside, and go on inside."""
    outside, inside = socket.socketpair()
    places = [("127.0.0.1", api_port()), *((config["address"], port) for port in config["ports"])]
    if os.fork() == 0:
        inside.close()
        carry(outside, places)
    outside.close()
    inside.set_inheritable(True)
    here = [sys.executable, "-P", __file__, "--inside", str(inside.fileno())]
    namespaces = ["unshare", "--map-root-user", "--net", "--mount"]
    os.execvp("unshare", [*namespaces, *here, *arguments])


def carry(outside: socket.socket, places: list[tuple[str, int]]) -> NoReturn:
    """Accept what arrives inside, and carry it to the same place outside."""
    _, descriptors, _, _ = socket.recv_fds(outside, 1, len(places))
    threads = []
    for descriptor, place in zip(descriptors, places, strict=True):
        listener = socket.socket(fileno=descriptor)
        threads.append(threading.Thread(target=serve, args=(listener, place)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os._exit(0)


def serve(listener: socket.socket, place: tuple[str, int]) -> None:
    """Carry each connection, in both directions, until it is closed."""
    while True:
        near, _ = listener.accept()
        far = socket.create_connection(place)
        for source, sink in ((near, far), (far, near)):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=pump, args=(source, sink), daemon=True).start()


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Carry one direction."""
    try:
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        sink.close()


def inside(config: dict[str, Any], descriptor: int, arguments: list[str]) -> NoReturn:
    """Furnish the namespaces, then become the function's interpreter."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", UP_AND_RUNNING)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)
    know_host(config["host"], config["address"])
    places = [("127.0.0.1", api_port()), *((config["address"], port) for port in config["ports"])]
    listeners = [socket.create_server(place, backlog=128) for place in places]
    with socket.socket(fileno=descriptor) as carrier:
        socket.send_fds(carrier, [b"!"], [one.fileno() for one in listeners])
    own = {name: os.environ[name] for name in ("AWS_LAMBDA_RUNTIME_API", "PATH", "PYTHONPATH")}
    Path(config["pids"], str(os.getpid())).touch()
    os.execve(sys.executable, [sys.executable, *arguments], {**config["variables"], **own})


def know_host(name: str, address: str) -> None:
    """What `--add-host` does: nothing can be asked for names here."""
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write(f"127.0.0.1 localhost\n{address} {name}\n")
    subprocess.run(["mount", "--bind", file.name, "/etc/hosts"], check=True)
    Path(file.name).unlink()


def api_port() -> int:
    """Where the Runtime API is, outside and inside."""
    return int(os.environ["AWS_LAMBDA_RUNTIME_API"].rpartition(":")[2])


def main() -> NoReturn:
    """Outside first, then inside."""
    config = json.loads(Path(os.environ["CONTAINER"]).read_text())
    if sys.argv[1] == "--inside":
        inside(config, int(sys.argv[2]), sys.argv[3:])
    enter(config, sys.argv[1:])


if __name__ == "__main__":
    main()
