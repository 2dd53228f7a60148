"""Writes the property lists of the local gateway from the schemas that cfn-lint brings.

Usage: python -m tools.scripts.generate_resource_properties [--check]

cfn-lint comes with the SAM CLI, in `.venv-sam`. With `--check` nothing is written: the status is
1 when the file is not what the schemas say.
"""

import json
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from local_gateway.template.loading.resource_properties import FILE, ResourceProperties
from local_gateway.template.loading.resource_types import DATA, SERVED

ROOT = Path(__file__).parents[2]
_REGION = "us-east-1"
# CloudFormation has it, cfn-lint does not.
_MORE_SECTIONS = {"Hooks"}


class CfnLint:
    """An installed cfn-lint, read as files: it need not be on this interpreter's path."""

    def __init__(self, site_packages: Path) -> None:
        (self.name,) = (path.stem for path in site_packages.glob("cfn_lint-*.dist-info"))
        self._schemas = site_packages / "cfnlint/data/schemas"
        self._resources: dict[str, str] = self._read(f"providers/{_REGION}.json")

    def template_sections(self) -> set[str]:
        """The keys of a template."""
        return set(self._read("other/template/configuration.json")["properties"])

    def resource_attributes(self) -> set[str]:
        """The keys of a resource."""
        configuration = self._read("other/resources/configuration.json")
        return set(configuration["definitions"]["ResourceConfiguration"]["properties"])

    def properties(self, resource_type: str) -> Iterator[tuple[str, set[str]]]:
        """What a template can set in a resource, and in each of its property types."""
        schema = self._read(f"resources/{self._resources[resource_type]}.json")
        read_only = {
            path.removeprefix("/properties/") for path in schema.get("readOnlyProperties", ())
        }
        yield resource_type, set(schema["properties"]) - read_only
        for name, definition in schema.get("definitions", {}).items():
            if "properties" in definition:
                yield f"{resource_type}.{name}", set(definition["properties"])

    def _read(self, name: str) -> Any:
        return json.loads((self._schemas / name).read_text("utf-8"))


def generate(cfn_lint: CfnLint, resource_types: Collection[str]) -> str:
    """The text of the file."""
    document = ResourceProperties(
        generated_from=cfn_lint.name,
        template_sections=_joined(cfn_lint.template_sections() | _MORE_SECTIONS),
        resource_attributes=_joined(cfn_lint.resource_attributes()),
        properties={
            name: _joined(properties)
            for resource_type in sorted(resource_types)
            for name, properties in sorted(cfn_lint.properties(resource_type))
        },
    )
    return json.dumps(document, indent=1) + "\n"


def main() -> int:
    """Write the file, or check it."""
    (site_packages,) = (ROOT / ".venv-sam/lib").glob("python*/site-packages")
    text = generate(CfnLint(site_packages), SERVED | DATA)
    if sys.argv[1:] != ["--check"]:
        FILE.write_text(text, "utf-8")
    elif FILE.read_text("utf-8") != text:
        print(f"{FILE.relative_to(ROOT)} is out of date: run `make properties`", file=sys.stderr)
        return 1
    return 0


def _joined(names: Collection[str]) -> str:
    return " ".join(sorted(names))


if __name__ == "__main__":
    sys.exit(main())
