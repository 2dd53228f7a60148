"""Where the kernel has no signal for the end of a pipe."""

import asyncio
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import local_gateway.runtime.child.python.launcher
from tests.support.recorder import DEADLINE
from tests.support.runtimes import is_running, until_gone


async def test_where_the_kernel_has_no_signal_a_thread_ends_the_group() -> None:
    launcher = Path(local_gateway.runtime.child.python.launcher.__file__)
    code = f"""
        import subprocess, sys, time
        sys.path.insert(0, {str(launcher.parent)!r})
        import launcher
        launcher.guard(0)
        print(subprocess.Popen(["sleep", "1000"], stdout=subprocess.DEVNULL).pid, flush=True)
        time.sleep(1000)
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        textwrap.dedent(code),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE):
        child = int(await process.stdout.readline())
        assert is_running(child)
        process.stdin.close()
        assert await process.wait() == -signal.SIGKILL
    await until_gone(child)
