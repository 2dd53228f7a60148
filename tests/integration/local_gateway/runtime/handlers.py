"""A handler that does what its event says, well or badly."""

import json
from typing import Any

from local_gateway.core.invocation import Invocation, InvocationResult, Succeeded
from tests.support.runtimes import Code, Runtimes, invoke, value

HANDLER = Code(
    python=r"""
    import os, signal, subprocess, sys, threading, time
    from collections import namedtuple
    from decimal import Decimal

    def lambda_handler(event, context):
        return globals()[event["do"]](**event.get("with", {}))

    def nothing():
        return None

    def echo(value):
        return value

    def falsy(which):
        return {"false": False, "zero": 0, "empty": "", "list": []}[which]

    def fail(message):
        raise KeyError(message)

    def leave(code):
        sys.exit(code)

    def vanish(code):
        os._exit(code)

    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    def unmarshallable():
        return {"object": object()}

    def raw(text):
        return text.encode()

    def decimals():
        return {"whole": Decimal("3"), "half": Decimal("0.5")}

    def large(size):
        return "x" * size

    def hang():
        time.sleep(1000)

    def spin():
        while True:
            pass

    def hold_the_gil():
        import re
        re.match(r"(a+)+$", "a" * 64 + "b")

    def junk():
        os.write(1, b"\xff\xfe\x00{\"statusCode\": 200}\n" * 3)
        os.write(2, b"no line end")
        return "fine"

    def spawn():
        return subprocess.Popen(["sleep", "1000"]).pid

    def pid():
        return os.getpid()

    def meddle():
        import http.client

        def call(method, path):
            connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
            connection.request(method, "/2018-06-01/runtime/" + path, body=b"{}")
            return connection.getresponse().status

        return [call("GET", "invocation/next"), call("POST", "init/error"),
                call("POST", "invocation/another-id/response")]

    def die_after_the_answer():
        threading.Timer(0.02, os._exit, (3,)).start()
        return os.getpid()

    def exit_with_a_thread_alive():
        threading.Thread(target=time.sleep, args=(1000,)).start()
        sys.exit(4)
""",
    node=r"""
    const { spawn } = require("node:child_process");
    const fs = require("node:fs");

    exports.lambda_handler = async (event) => actions[event.do](event.with ?? {});

    const forever = () => new Promise((resolve) => setTimeout(resolve, 1_000_000));

    const call = async (method, path) => {
      const url = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/${path}`;
      return (await fetch(url, { method, body: method === "POST" ? "{}" : undefined })).status;
    };

    const actions = {
      nothing: () => undefined,
      echo: ({ value }) => value,
      fail: ({ message }) => {
        const quoted = message.replaceAll("\n", "\\n");
        throw Object.assign(new Error(`'${quoted}'`), { name: "KeyError" });
      },
      leave: ({ code }) => process.exit(code),
      vanish: ({ code }) => process.reallyExit(code),
      die: () => process.kill(process.pid, "SIGKILL") && forever(),
      unmarshallable: () => ({ large: 1n }),
      large: ({ size }) => "x".repeat(size),
      hang: forever,
      spin: () => { for (;;) { /* for ever */ } },
      hold_the_gil: () => /(a+)+$/.test("a".repeat(64) + "b"),
      junk: () => {
        const line = Buffer.from("\xff\xfe\x00{\"statusCode\": 200}\n", "latin1");
        for (let i = 0; i < 3; i += 1) fs.writeSync(1, line);
        fs.writeSync(2, "no line end");
        return "fine";
      },
      spawn: () => spawn("sleep", ["1000"], { stdio: "inherit" }).pid,
      pid: () => process.pid,
      meddle: async () => [
        await call("GET", "invocation/next"), await call("POST", "init/error"),
        await call("POST", "invocation/another-id/response"),
      ],
      die_after_the_answer: () => {
        setTimeout(() => process.kill(process.pid, "SIGKILL"), 20);
        return process.pid;
      },
    };
""",
)


def do(name: str, **arguments: Any) -> dict[str, Any]:
    return {"do": name, "with": arguments}


async def result_of(runtimes: Runtimes, event: object) -> InvocationResult:
    """The result of an event, after which the same runtime must still serve."""
    runtime = await runtimes.serve(HANDLER)
    result = (await invoke(runtime, event)).result
    assert await value(runtime, do("echo", value="next")) == "next"
    return result


PID = Code(
    python="""
    import os

    def lambda_handler(event, context):
        return os.getpid()
""",
    node="exports.lambda_handler = async () => process.pid;",
)

# Runs until the file that the event names exists.
WAITING = Code(
    python="""
    import os, pathlib, time

    def lambda_handler(event, context):
        while not pathlib.Path(event).exists():
            time.sleep(0.002)
        return os.getpid()
""",
    node="""
    const fs = require("node:fs");

    exports.lambda_handler = async (event) => {
      while (!fs.existsSync(event)) await new Promise((resolve) => setTimeout(resolve, 2));
      return process.pid;
    };
""",
)


def pids(invocations: list[Invocation]) -> list[int]:
    results = [invocation.result for invocation in invocations]
    assert all(isinstance(result, Succeeded) for result in results), results
    return [json.loads(result.payload) for result in results if isinstance(result, Succeeded)]
