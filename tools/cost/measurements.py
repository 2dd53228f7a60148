"""What was measured of one conversation, on a run of the local gateway."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = Path(__file__).with_name("measured.json")
DOCUMENT = Path(__file__).parents[2] / "docs/architecture.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A typical invocation of a function: milliseconds, bytes of its log, MB of its memory."""

    duration_ms: float
    init_ms: float
    log_bytes: float
    memory_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """`invocations` by action; sizes are bytes, those of HTTP answers with their headers.

    The page takes `page_requests` when nothing of it is cached.
    """

    invocations: Mapping[str, Invocation]
    page_requests: int
    page_bytes: int
    login_bytes: int
    poll_bytes: int
    reply_bytes: int

    def write(self, path: Path = FILE) -> None:
        """Keep them for the next time."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")


def read(path: Path = FILE) -> Measurements:
    """The measurements that were kept."""
    document = json.loads(path.read_text())
    invocations = {
        name: Invocation(**fields) for name, fields in document.pop("invocations").items()
    }
    return Measurements(invocations=invocations, **document)


def calls(document: Path = DOCUMENT) -> dict[str, list[str]]:
    """The AWS calls of each action, in order, as the document says and a test counts."""
    text = document.read_text(encoding="utf-8")
    [rows] = re.findall(r"\| what \| AWS calls, in order \|\n\|[-|]+\|\n((?:\|.+\n)+)", text)
    cells = [row.strip("|").split("|") for row in rows.splitlines()]
    return {what.strip(): re.findall(r"\w+", made) for what, made in cells}
