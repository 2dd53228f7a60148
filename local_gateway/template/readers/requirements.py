"""Are the requirements of code that is not built installed where the gateway runs?

`sam build` puts them beside the code; without a build they must be in the interpreter's
environment, else the first invocation would fail with an import error.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path

from local_gateway.template.document.errors import Place, TemplateError

_REQUIREMENT = re.compile(
    r"""(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*
        (?:\[[^\]]*\])?\s*
        (?P<constraint>[^;]*)
        (?:;(?P<marker>.*))?$""",
    re.VERBOSE,
)
_REMEDY = "install it into the environment the gateway runs in, or run on the built template"


def check_requirements(directory: Path, beside: Sequence[Path], place: Place) -> None:
    """Check `directory/requirements.txt`, if it is there, line by line.

    `beside` are directories that may hold the packages too. A pinned version (`==`) must be the
    installed one. Lines with an environment marker, an option, a path or a URL are passed over.
    """
    file = directory / "requirements.txt"
    if not file.is_file():
        return
    for name, constraint in _requirements(file):
        installed = _installed_version(name, beside)
        if installed is None:
            raise TemplateError(place, f"{file} needs {name}, which is not installed", _REMEDY)
        pinned = constraint.removeprefix("==").strip()
        is_pinned = constraint.startswith("==") and "*" not in pinned and "," not in pinned
        if is_pinned and pinned != installed:
            raise TemplateError(
                place, f"{file} needs {name} {pinned}, installed is {installed}", _REMEDY
            )


def _requirements(file: Path) -> Iterator[tuple[str, str]]:
    text = file.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        requirement = re.split(r"\s--|(?:^|\s)#", line)[0].strip()
        match = _REQUIREMENT.fullmatch(requirement)
        if match is None or "@" in requirement or match["marker"]:
            continue
        yield match["name"], "".join(match["constraint"].split())


def _installed_version(name: str, beside: Sequence[Path]) -> str | None:
    path = [*(str(directory) for directory in beside), *sys.path]
    found: Distribution | None = next(iter(distributions(name=name, path=path)), None)
    return found.version if found is not None else None
