"""Lists the modules without a test file of their name, and the tests that import them.

Usage: python -m tools.scripts.test_mirror

The test file of `local_gateway/core/stage.py` is `tests/unit/local_gateway/core/test_stage.py` or
`test_stage_….py` beside it, or the same under `tests/integration`. A module that only declares
(protocols, records, errors, constants) needs none.
"""

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("layers/sapa/sapa", "local_gateway")
KINDS = ("unit", "integration")


@dataclass(frozen=True)
class Exemption:
    """Modules, below the folder of their package, that another test file tests, and why it does."""

    modules: Sequence[str]
    test: str
    reason: str


EXEMPTIONS = (
    Exemption(
        ("local_gateway/cli/recordings.py",),
        "tests/e2e/test_gateway_cli.py",
        "subcommands, which are run as commands",
    ),
    Exemption(
        (
            "local_gateway/cli/signals.py",
            "local_gateway/app/features.py",
            "local_gateway/app/ready_hook.py",
            "local_gateway/app/serve.py",
            "local_gateway/app/startup.py",
        ),
        "tests/e2e/test_make_run.py",
        "from start to stop: which processes there are shows in a whole run alone",
    ),
    Exemption(
        (
            "local_gateway/app/gateway.py",
            "local_gateway/app/reload.py",
            "local_gateway/app/version.py",
        ),
        "tests/e2e/test_reload.py",
        "one subject: what is served, and what a changed file makes of it",
    ),
    Exemption(
        ("local_gateway/app/replay.py",),
        "tests/integration/local_gateway/recording/test_replay_server.py",
        "wires the replay server, as a run wires the gateway",
    ),
    Exemption(
        (
            "local_gateway/server/invocations.py",
            "local_gateway/server/listener.py",
            "local_gateway/server/router.py",
            "local_gateway/server/session.py",
            "local_gateway/server/websocket_stage.py",
        ),
        "tests/integration/local_gateway/server/test_messages.py",
        "the way of a message between the socket and the function",
    ),
    Exemption(
        ("local_gateway/server/faults.py",),
        "tests/integration/local_gateway/server/test_chaos.py",
        "named after the option that injects them",
    ),
    Exemption(
        ("local_gateway/server/interfaces.py", "local_gateway/server/responses.py"),
        "tests/integration/local_gateway/server/test_http_api.py",
        "values that the server answers with",
    ),
    Exemption(
        (
            "local_gateway/runtime/service.py",
            "local_gateway/runtime/child/launcher.py",
            "local_gateway/runtime/child/plain_http.py",
            "local_gateway/runtime/child/runtime_api_client.py",
        ),
        "tests/integration/local_gateway/runtime/test_init.py",
        "run in the process of a function, which every test of the runtime starts",
    ),
    Exemption(
        ("local_gateway/inspector/connection_list.py",),
        "tests/unit/local_gateway/inspector/test_stream.py",
        "the first part of the stream",
    ),
    Exemption(
        ("local_gateway/recording/format.py",),
        "tests/unit/local_gateway/recording/test_writer.py",
        "the format is what is written and read",
    ),
    Exemption(
        (
            "local_gateway/template/document/errors.py",
            "local_gateway/template/loading/template.py",
        ),
        "tests/unit/local_gateway/template/loading/test_load.py",
        "what loading results in",
    ),
    Exemption(
        ("sapa/aws/clients.py", "sapa/aws/http_connection.py", "sapa/stores/table.py"),
        "tests/integration/sapa/aws/test_json_service.py",
        "the path of every call to AWS",
    ),
    Exemption(
        ("sapa/observability.py",),
        "tests/integration/sapa/test_metrics.py",
        "shows in the lines that handlers write",
    ),
    Exemption(
        ("sapa/web/asyncapi.py", "sapa/web/openapi.py", "sapa/web/schemas.py"),
        "tests/unit/sapa/web/test_documents.py",
        "make one set of documents",
    ),
)


def main() -> None:
    """Print what is missing. The status says whether anything is."""
    missing = list(missing_tests(ROOT))
    stale = stale_exemptions(ROOT)
    imports = imported_by_tests(ROOT)
    for module in missing:
        candidates = " ".join(sorted(imports.get(name_of(module), ()))) or "no test imports it"
        print(f"{module}: {candidates}")
    print(f"{len(missing)} of {sum(1 for _ in modules(ROOT))} modules have no test file")
    if stale:
        print("no longer right in EXEMPTIONS:", *stale)
    sys.exit(1 if missing or stale else 0)


def modules(root: Path) -> Iterator[Path]:
    """Every module that is not an empty `__init__`, relative to the root."""
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            if path.name != "__init__.py" or not declares_only(path):
                yield path.relative_to(root)


def missing_tests(root: Path) -> Iterator[Path]:
    """The modules that should have a test file and have none."""
    exempt = {name for exemption in EXEMPTIONS for name in exemption.modules}
    for module in modules(root):
        if str(below_package(module)) not in exempt and needs_test_file(root, module):
            yield module


def stale_exemptions(root: Path) -> list[str]:
    """Exempt modules that need no exemption, and test files of exemptions that are gone."""
    needed = {str(below_package(item)) for item in modules(root) if needs_test_file(root, item)}
    exempt = [name for exemption in EXEMPTIONS for name in exemption.modules]
    gone = [exemption.test for exemption in EXEMPTIONS if not (root / exemption.test).is_file()]
    return [name for name in exempt if name not in needed] + gone


def needs_test_file(root: Path, module: Path) -> bool:
    """Whether a module does something and has no test file."""
    return not has_test_file(root, module) and not declares_only(root / module)


def has_test_file(root: Path, module: Path) -> bool:
    """Whether a test file stands where the module's path says."""
    path = below_package(module)
    stem = path.parent.name if path.name == "__init__.py" else path.stem
    folder = path.parent.parent if path.name == "__init__.py" else path.parent
    return any(
        next((root / "tests" / kind / folder).glob(f"test_{stem}{ending}"), None) is not None
        for kind in KINDS
        for ending in (".py", "_*.py")
    )


def below_package(module: Path) -> Path:
    """`sapa/state.py` for `layers/sapa/sapa/state.py`."""
    package = next(name for name in PACKAGES if module.is_relative_to(name))
    return module.relative_to(Path(package).parent)


def name_of(module: Path) -> str:
    """The name by which a module is imported."""
    return ".".join(below_package(module).with_suffix("").parts).removesuffix(".__init__")


def declares_only(path: Path) -> bool:
    """Whether no function or method of a module does anything."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return not any(_does_something(node) for node in ast.walk(tree) if isinstance(node, functions))


def _does_something(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A body of a protocol is a docstring or `…`; a constructor of an error notes its fields."""
    body = [item for item in function.body if not _is_constant(item)]
    if function.name == "__init__":
        body = [item for item in body if not isinstance(item, ast.Assign | ast.AnnAssign)]
        body = [item for item in body if not ast.unparse(item).startswith("super().__init__(")]
    return bool(body)


def _is_constant(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def imported_by_tests(root: Path) -> dict[str, set[str]]:
    """By module, the test files that import it."""
    tests: dict[str, set[str]] = {}
    for path in (root / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            for name in names:
                tests.setdefault(name, set()).add(str(path.relative_to(root)))
    return tests


if __name__ == "__main__":
    main()
