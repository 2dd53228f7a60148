"""How many files and sockets the gateway may have open."""

import sys
from contextlib import suppress

# What macOS allows at most, when nothing else is set; its shells start with 256.
MOST = 10_240


def allow_many_open_files() -> None:
    """Raise the process's own limit: each connection is an open file, each environment some."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(MOST, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # it stays as it is
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
