"""A small project in a temporary directory, as the template tests need it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from local_gateway.core.model import Application
from local_gateway.template.application import LoadedApplication, build_application
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.loading.load import load_template
from local_gateway.template.loading.template import ResourceValues, Template

HANDLER = "def handler(event, context):\n    return None\n"


@dataclass(frozen=True, slots=True)
class Project:
    """Writes files below `root` and reads the template among them."""

    root: Path

    def write(self, name: str, text: str = "") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    def load(self, template: str, overrides: Mapping[str, str] | None = None) -> Template:
        return load_template(self.write("template.yaml", template), overrides)

    def read(self, template: str, values: ResourceValues | None = None) -> LoadedApplication:
        loaded = self.load(template)
        return build_application(loaded, values or ResourceValues())

    def complaint(self, template: str, values: ResourceValues | None = None) -> str:
        """Why the template cannot be served, or else the first warning."""
        try:
            loaded = self.read(template, values)
        except TemplateError as error:
            return str(error)
        return next(iter(loaded.warnings), "")

    def build(self, template: str, values: ResourceValues | None = None) -> Application:
        return self.read(template, values).application
