"""Chats as Chalice, the CDK and the Serverless Framework package them, brought as they are.

The templates were written by the frameworks' own tools: `make framework-templates` writes them
again and runs these tests.
"""

import json
import shutil
import zipfile
from pathlib import Path
from urllib.request import urlopen

import pytest
from websockets.exceptions import InvalidStatus

from tests.support.programs import ROOT, GatewayProgram

pytestmark = pytest.mark.local_only

FRAMEWORKS = ROOT / "tests/templates/frameworks"
# By framework: the template, the stage, and whether an authorizer asks for a name.
PACKAGED = {
    "cdk": ("Chat.template.json", "prod", True),
    "chalice": ("sam.json", "api", False),
    "serverless": ("cloudformation-template-update-stack.json", "dev", True),
}
# Where the HTTP or REST API beside the chat counts its connections.
COUNTS = {"cdk": "count", "chalice": "", "serverless": "/count"}


def packaged(framework: str, directory: Path) -> Path:
    """A copy of what the framework has written; its path."""
    return Path(shutil.copytree(FRAMEWORKS / framework / "packaged", directory / framework))


@pytest.mark.parametrize("framework", PACKAGED)
def test_a_packaged_chat_starts_and_chats(framework: str, tmp_path: Path) -> None:
    template, stage, has_authorizer = PACKAGED[framework]
    file = packaged(framework, tmp_path) / template
    with GatewayProgram(file) as gateway:
        with gateway.connect(stage, "?name=ana") as ana:
            (http,) = (url for url in gateway.urls() if url.startswith("http"))
            url = f"{http}{COUNTS[framework]}"
            with urlopen(url, timeout=30) as response:  # noqa: S310 - our own gateway
                assert json.load(response) == {"connections": 1}
            with gateway.connect(stage, "?name=ben") as ben:
                ben.send('{"text": "Hai!"}')
                assert {ana.recv(30), ben.recv(30)} == {'{"text": "Hai!"}'}
            gateway.wait_for(r"\$disconnect +ok")
            ana.send('{"text": "alone"}')
            assert ana.recv(30) == '{"text": "alone"}'
        if has_authorizer:
            with pytest.raises(InvalidStatus, match="403"):
                gateway.connect(stage, "?name=nobody")
            with pytest.raises(InvalidStatus, match="401"):
                gateway.connect(stage)
        assert " 410 " not in gateway.output


def test_a_new_package_is_served_when_it_is_written(tmp_path: Path) -> None:
    folder = packaged("chalice", tmp_path)
    with GatewayProgram(folder / "sam.json") as gateway, gateway.connect("api") as client:
        client.send("before")
        assert client.recv(30) == "before"
        archive = folder / "deployment.zip"
        with zipfile.ZipFile(archive) as opened:
            files = {name: opened.read(name) for name in opened.namelist()}
        files["app.py"] = files["app.py"].replace(b"event.body", b"event.body.upper()")
        with zipfile.ZipFile(folder / "next.zip", "w") as opened:
            for name, content in files.items():
                opened.writestr(name, content)
        (folder / "next.zip").rename(archive)
        gateway.wait_for("Reloaded: deployment.zip, .*WebsocketMessage")
        client.send("after")
        assert client.recv(30) == "AFTER"
