"""Makes what is served from a template file: at the start, and again after a change."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from local_gateway.app.addresses import localised
from local_gateway.app.function_variables import FunctionVariables
from local_gateway.aws_services.clients import MotoClients
from local_gateway.aws_services.provisioning import Provisioner
from local_gateway.core.model import Application, LambdaFunction
from local_gateway.core.ports import ApiPort, assign_ports
from local_gateway.errors import GatewayError
from local_gateway.interpreters import language_of
from local_gateway.runtime.languages.node_bundles import NodeBundles
from local_gateway.runtime.languages.node_packages import NodePackages, user_cache
from local_gateway.runtime.languages.python_packages import FunctionPackages
from local_gateway.server.bound_ports import BoundPorts
from local_gateway.settings import GatewaySettings
from local_gateway.template.application import build_application
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.problems import Problems
from local_gateway.template.document.stack import Stack
from local_gateway.template.loading.load import load_template
from local_gateway.template.loading.resource_types import CODE_PROPERTIES
from local_gateway.template.loading.template import Template
from local_gateway.template.readers.archives import FOLDER
from local_gateway.watching.snapshot import Snapshot, take_snapshot

_INCLUDE = re.compile(r"(?m)^\s*(?:-r|--requirement|-c|--constraint)[\s=]*(\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What is served for one state of the files.

    `snapshot` shows these files: `template_files` with the archives of code, and `code` by
    function.
    """

    application: Application
    origins: list[ApiPort]
    warnings: tuple[str, ...]
    template_files: frozenset[Path]
    code: Mapping[str, frozenset[Path]]
    snapshot: Snapshot

    @property
    def roots(self) -> frozenset[Path]:
        """Every file and directory that the version was made from."""
        return self.template_files.union(*self.code.values())

    def functions_with_other_code(self, snapshot: Snapshot) -> set[str]:
        """The functions whose code is different in `snapshot`."""
        return {name for name, code in self.code.items() if not self.snapshot.same(snapshot, code)}

    def functions_changed_in(self, later: "Version") -> set[str]:
        """The functions of this version whose code or settings are different in `later`."""
        before, after = self.application.functions, later.application.functions
        other_settings = {name for name in before if before[name] != after.get(name)}
        return self.functions_with_other_code(later.snapshot) | other_settings


class VersionReader:
    """Reads versions of a template; its methods block, so call them in a thread."""

    def __init__(
        self, settings: GatewaySettings, ports: BoundPorts, say: Callable[[str], None]
    ) -> None:
        self._say = say
        self._path = settings.template
        self._overrides = settings.parameter_overrides
        self._env_vars = settings.env_vars
        self._remote_functions = settings.lambda_endpoint is not None
        self._stack = Stack(name=settings.stack_name, region=settings.region)
        self._resolve = settings.resolve
        self._leave_out = settings.leave_out
        self._ports = ports
        self._problems = Problems()
        self._provisioner: Provisioner | None = None
        self._template: Template | None = None
        self._settings_files = frozenset(
            {self._env_vars.absolute()} if self._env_vars is not None else ()
        )
        self._files = frozenset({self._path.absolute()}) | self._settings_files
        self._template_snapshot = Snapshot()

    def load(self) -> None:
        """Read the template.

        Raises `TemplateError`, at the first time only for what cannot be read at all: `finish`
        raises these problems together with its own.
        """
        self._template_snapshot = take_snapshot(self._files)
        try:
            self._problems = Problems()
            self._template = load_template(
                self._path,
                self._overrides,
                self._stack,
                leave_out=self._leave_out,
                problems=self._problems,
            )
            if self._provisioner is not None:
                # What a wrong version adds must not stay as it was in that version.
                self._problems.raise_if_any()
        except TemplateError as error:
            self._problems.add(error)
            # The files of nested stacks, which are perhaps read for the first time.
            self._files |= {place.file.absolute() for place in self._problems.places}
            self._problems.raise_if_any()
        else:
            self._files = self._template.files | self._settings_files

    def finish(self, aws_endpoint_url: str) -> Version:
        """Create the data resources of the loaded template, read functions and APIs.

        Raises `GatewayError`; also, except for the first version, when the APIs need more ports.
        """
        template = self._template
        if template is None:
            raise AssertionError("load comes before finish")
        is_first = self._provisioner is None
        if self._provisioner is None:
            clients = MotoClients(aws_endpoint_url, self._stack.region)
            self._provisioner = Provisioner(clients, self._resolve)
        values = self._provisioner.provision(template, self._problems)
        read = build_application(
            template,
            values,
            remote_functions=self._remote_functions,
            problems=self._problems,
        )
        application, without_effect = self._with_variables(read.application)
        origins = assign_ports(application)
        self._bind(len(origins), may_bind=is_first)
        code = {name: _code_of(function) for name, function in application.functions.items()}
        self._files |= read.archives
        templates = self._files
        # The template before it was read, the code before it is imported: a change in between
        # differs from this snapshot, so the reloader sees it.
        snapshot = take_snapshot(templates.union(*code.values())) | self._template_snapshot
        outdated = map(_outdated, self._provisioner.outdated)
        warnings = [*read.warnings, *without_effect, *outdated, *self._provisioner.warnings]
        application = self._prepared(application, warnings)
        return Version(
            application=localised(application, origins, self._ports, aws_endpoint_url),
            origins=origins,
            warnings=tuple(warnings),
            template_files=templates,
            code=code,
            snapshot=snapshot,
        )

    def _prepared(self, application: Application, warnings: list[str]) -> Application:
        """With bundles and packages that functions need before they start."""
        if self._remote_functions:
            return application
        project = self._path.absolute().parent
        cache, warn = project / FOLDER, warnings.append
        python = FunctionPackages(cache / "packages", warn, self._say)
        bundles = NodeBundles(project, cache / "bundles", self._say)
        node = NodePackages(cache / "packages", user_cache(), warn, self._say)
        functions = application.functions
        of_node = {
            name: item for name, item in functions.items() if language_of(item.runtime) == "node"
        }
        prepared = node.complete(bundles.complete(of_node))
        return replace(
            application,
            functions={
                name: prepared[name] if name in prepared else python.complete(item)
                for name, item in functions.items()
            },
        )

    def _with_variables(self, application: Application) -> tuple[Application, list[str]]:
        """With the values of `--env-vars`, and warnings about those that set nothing."""
        if self._env_vars is None:
            return application, []
        return FunctionVariables.from_file(self._env_vars).apply(application)

    def promised_roots(self) -> set[Path]:
        """The last read files, and the code directories that they name; these need not exist."""
        template = self._template
        if template is None:
            return set(self._files)
        codes = (
            (resource.source.path.parent.resolve(), resource.properties.get(name))
            for resource_type, name in CODE_PROPERTIES.items()
            for resource in template.of_type(resource_type)
        )
        return {*self._files, *(base / path for base, path in codes if isinstance(path, str))}

    def _bind(self, count: int, *, may_bind: bool) -> None:
        bound = len(list(self._ports))
        if may_bind:
            self._ports.bind_more(count)
        elif count > bound:
            raise GatewayError(
                f"{self._path}: the APIs need {count} ports now, the gateway has {bound}; "
                "restart it, or give the stages different names"
            )


def _code_of(function: LambdaFunction) -> frozenset[Path]:
    """The directories that a function's code comes from, and what their requirements include."""
    directories = [function.code, *(layer.path for layer in function.layers)]
    included = [path for directory in directories for path in _included(directory)]
    return frozenset([*directories, *included])


def _included(directory: Path) -> Iterator[Path]:
    waiting, seen = [directory / "requirements.txt"], set[Path]()
    while waiting:
        file = waiting.pop()
        if file in seen or not file.is_file():
            continue
        seen.add(file)
        text = file.read_text(encoding="utf-8", errors="replace")
        included = [(file.parent / name).resolve() for name in _INCLUDE.findall(text)]
        waiting += included
        yield from (path for path in included if not path.is_relative_to(directory))


def _outdated(name: str) -> str:
    return f"{name} has changed in the template; restart the gateway to create it again"
