"""Which process is at the other end of a TCP connection on this machine; Linux only.

Source: sock_diag(7), with the structures of linux/inet_diag.h, and proc_pid_fd(5).
"""

import errno
import os
import socket
import struct
import sys
from collections.abc import Iterator

type Address = tuple[str, int]

_SOCK_DIAG_BY_FAMILY = 20
_NLMSG_ERROR = 2
_NLM_F_REQUEST = 1
_NETLINK_SOCK_DIAG = 4
_ANY_STATE = 0xFFFFFFFF
_NO_COOKIE = b"\xff" * 8
# Of the answer: after the header, the family and the addresses, four numbers.
_INODE_AT = 16 + 4 + 48 + 16


def belongs_to(pid: int, peer: Address, own: Address) -> bool | None:
    """Whether the connection from `peer` to `own` is of the process `pid` or of its session.

    `None` where the system does not say.
    """
    if sys.platform != "linux":
        return None
    try:
        inode = _inode(peer, own)
    except OSError as error:
        return False if error.errno == errno.ENOENT else None  # the other end is closed
    return any(_has_socket(process, inode) for process in _session(pid))


def _inode(address: Address, other: Address) -> int:
    """The inode of the socket at `address`: the kernel finds one without a search of all."""
    ends = (socket.inet_aton(host).ljust(16, b"\0") for host, _ in (address, other))
    request = struct.pack("=BBxxI", socket.AF_INET, socket.IPPROTO_TCP, _ANY_STATE) + struct.pack(
        "!HH16s16sI8s", address[1], other[1], *ends, 0, _NO_COOKIE
    )
    header = struct.pack("=IHHII", 16 + len(request), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as netlink:
        netlink.send(header + request)
        answer = netlink.recv(4096)
    (kind,) = struct.unpack_from("=H", answer, 4)
    if kind == _NLMSG_ERROR:
        (code,) = struct.unpack_from("=i", answer, 16)
        raise OSError(-code, os.strerror(-code))
    (inode,) = struct.unpack_from("=I", answer, _INODE_AT)
    return int(inode)


def _session(pid: int) -> Iterator[int]:
    """The process, then the others of its session."""
    yield pid
    for entry in os.listdir("/proc"):  # noqa: PTH208 - paths of all processes would cost more
        try:
            if entry.isdigit() and int(entry) != pid and os.getsid(int(entry)) == pid:
                yield int(entry)
        except OSError:  # ended meanwhile
            continue


def _has_socket(pid: int, inode: int) -> bool:
    link = f"socket:[{inode}]"
    try:
        with os.scandir(f"/proc/{pid}/fd") as descriptors:
            return any(_target(each.path) == link for each in descriptors)
    except OSError:
        return False


def _target(path: str) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115 - for each of a process's descriptors
    except OSError:
        return ""
