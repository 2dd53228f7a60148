"""The walks: what a message, a handshake and an event cross, in the gateway and in the bot."""

import json
import secrets
from collections.abc import Iterator

from tools.benchmarks.client import Client, text_frame
from tools.benchmarks.targets import port_of
from tools.scripts.welcome import COOKIE, USERNAME, log_in
from tools.walk.traced import Walk, on_ready, traced_gateway
from tools.walk.trees import Tree, WalkError

MESSAGE = "a message in the gateway"
REPLY = "a message in the bot: `reply`"
AUTHORIZER = "the cookie's check: `authorizer`"
PUBLISH = "an event from a business process: `notify`"
FAN_OUT = "its fan-out to one socket"


def walks(tree: Tree) -> Iterator[tuple[str, Walk]]:
    """Each walk by its name."""
    yield MESSAGE, _message(tree)
    yield from _bot(tree)


def _message(tree: Tree) -> Walk:
    """The template is the chat room of the tests, whose handler posts with boto3."""
    with traced_gateway(tree, "--template=tests/templates/chat/template.yaml") as gateway:
        port = port_of(gateway.program.wait_for("Ready"))
        client = Client(f"http://127.0.0.1:{port}/Prod").open()
        frame = text_frame(json.dumps({"action": "sendmessage", "data": "Hai!"}))
        return gateway.walk(lambda: client.ask(frame, b"Hai!"))


def _bot(tree: Tree) -> Iterator[tuple[str, Walk]]:
    password = f"Walk-{secrets.token_urlsafe(12)}-7"
    variables = {"DEMO_PASSWORD": password}
    with traced_gateway(tree, on_ready(tree), variables=variables) as gateway:
        url = f"http://127.0.0.1:{port_of(gateway.program.wait_for('Ready'))}"
        cookie = f"{COOKIE}={log_in(url, USERNAME, password)}"

        reply = Client(f"{url}/ws", cookie).open()
        yield REPLY, gateway.walk(lambda: _say(reply, {"message": "Hai!"}, frames=1), "default")
        reply.close()

        def open_and_close() -> None:
            Client(f"{url}/ws", cookie).open().close()

        yield AUTHORIZER, gateway.walk(open_and_close, "authorizer")

        notify = Client(f"{url}/ws?endpoint=notify", cookie).open()

        def publish() -> None:
            """The reply and the event come in either order."""
            _say(notify, {"text": "Hai!"}, frames=2)

        yield PUBLISH, gateway.walk(publish, "default")
        # The queue's consumer was called `publish` once.
        fan_out = tree.first("functions/fan_out", "functions/publish").name
        yield FAN_OUT, gateway.walk(publish, fan_out)


def _say(client: Client, message: dict[str, str], *, frames: int) -> None:
    client.socket.sendall(text_frame(json.dumps(message)))
    for _ in range(frames):
        if b'"error"' in (frame := client.receive()):
            raise WalkError(f"{message} was answered {frame.decode()}")
