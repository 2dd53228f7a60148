"""A gateway in a process of its own that counts the ends of its connections."""

import json
import re
from pathlib import Path

from tests.support.programs import LOCAL_GATEWAY, Program

TEMPLATE = Path(__file__).parent / "template.yaml"
FEW_FILES = ("sh", "-c", 'ulimit -S -n 256 && exec "$@"', "sh")
SECONDS = 60.0


class SoakedGateway(Program):
    """Serves the soak's template; reads every line that it prints as JSON.

    It starts with no more files than a shell on macOS allows, so it has to raise that itself.
    `opened` has every connection that there has been, `kept` those whose `$disconnect` fault
    injection kept from removing them.
    """

    def __init__(self, *options: str) -> None:
        self.opened: set[str] = set()
        self.kept: set[str] = set()
        self._disconnected: set[str] = set()
        options = ("--port", "0", "--json", "--no-reload", *options)
        super().__init__(*FEW_FILES, *LOCAL_GATEWAY, "--template", TEMPLATE, *options)

    @property
    def url(self) -> str:
        """Where the WebSocket API is."""
        return str(json.loads(self.wait_for('"type": "ready"').string)["urls"][0])

    @property
    def aws_endpoint_url(self) -> str:
        """Where the AWS services are."""
        return self.announcement("AWS services for this run: ")

    def announcement(self, start: str) -> str:
        """The rest of a line that begins with `start`."""
        line = self.wait_for(f'"text": "{re.escape(start)}').string
        return str(json.loads(line)["text"]).removeprefix(start)

    def wait_for_disconnects(self) -> None:
        """Wait until `$disconnect` of every opened connection is over, or lost by a fault."""
        with self._changed:
            in_time = self._changed.wait_for(lambda: self._disconnected >= self.opened, SECONDS)
        assert in_time, f"connections without an end: {self._lines[-5:]}"

    def _receive(self, line: str) -> None:
        record = json.loads(line) if line.startswith("{") else {}
        if record.get("type") != "event":
            super()._receive(line)
            return
        connection_id, outcome = record["connection_id"], record["outcome"]
        if outcome == "101 open":
            self.opened.add(connection_id)
        is_lost = outcome == "chaos: lost-disconnect"
        if is_lost or (record["route_key"] == "$disconnect" and record["function"]):
            self._disconnected.add(connection_id)
            if outcome != "ok":
                self.kept.add(connection_id)
