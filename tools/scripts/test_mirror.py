"""Lists the modules without a test file of their name, and the tests that import them.

Usage: python -m tools.scripts.test_mirror

The test file of `local_gateway/core/stage.py` is `tests/unit/local_gateway/core/test_stage.py` or
`test_stage_….py` beside it, or the same under `tests/integration`. A module that only declares
(protocols, records, errors, constants) needs none.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("layers/sapa/sapa", "local_gateway")
KINDS = ("unit", "integration")
# By pattern of a path below the folder of a package: the test file to read instead, and why.
EXEMPT: Mapping[str, tuple[str, str]] = {
    "local_gateway/__main__.py": (
        "tests/e2e/test_gateway_cli.py",
        "one call of main(), by which every end-to-end test starts its gateway",
    ),
    **dict.fromkeys(
        ["local_gateway/app/check.py", "local_gateway/cli/check.py"],
        ("tests/e2e/test_gateway_cli.py", "the command `check`, run as a command"),
    ),
    "local_gateway/cli/recordings.py": (
        "tests/e2e/test_gateway_cli.py",
        "the commands `replay` and `event`, run as commands",
    ),
    "local_gateway/cli/signals.py": (
        "tests/e2e/test_gateway_cli.py",
        "Ctrl-C and SIGTERM, sent to a running gateway",
    ),
    **dict.fromkeys(
        [
            "local_gateway/app/features.py",
            "local_gateway/app/gateway.py",
            "local_gateway/app/lambda_api.py",
            "local_gateway/app/serve.py",
            "local_gateway/app/startup.py",
            "local_gateway/app/version.py",
        ],
        (
            "tests/e2e/test_gateway_cli.py",
            "the composition of a gateway, which a running gateway shows",
        ),
    ),
    "local_gateway/app/reload.py": (
        "tests/e2e/test_reload.py",
        "what happens to open sockets when files of a running gateway change",
    ),
    "local_gateway/app/sam_local.py": (
        "tests/e2e/test_lambda_endpoint.py",
        "what a running gateway does when sources and builds change",
    ),
    "local_gateway/app/replay.py": (
        "tests/e2e/test_gateway_cli.py",
        "the composition behind the command `replay`",
    ),
    "local_gateway/runtime/child/python/plain_http.py": (
        "tests/unit/local_gateway/runtime/child/python/test_redirection.py",
        "redirection decides which hosts it is used for",
    ),
    "local_gateway/runtime/child/python/runtime_api_client.py": (
        "tests/integration/local_gateway/runtime/test_results.py",
        "the client of our own bootstrap, with which every test of the runtime runs too",
    ),
    "local_gateway/runtime/child/reaper.py": (
        "tests/integration/local_gateway/runtime/test_reaper.py",
        "the process that runtime/reaper.py starts, with which every test of it runs",
    ),
    "sapa/aws/clients.py": (
        "tests/integration/sapa/test_import_budget.py",
        "creates the clients that every store works with",
    ),
    "sapa/aws/http_connection.py": (
        "tests/integration/sapa/stores/test_management_api.py",
        "the connections below an endpoint, with a server that fails in every way",
    ),
    "sapa/stores/table.py": (
        "tests/integration/sapa/stores/test_state.py",
        "every store works through it",
    ),
    **dict.fromkeys(
        [
            "local_gateway/server/interfaces.py",
            "local_gateway/server/invocations.py",
            "local_gateway/server/listener.py",
            "local_gateway/server/router.py",
            "local_gateway/server/session.py",
            "local_gateway/server/websocket_stage.py",
        ],
        (
            "tests/integration/local_gateway/server/test_messages.py",
            "the way of a message between its socket and its function, with both ends real",
        ),
    ),
    "local_gateway/server/faults.py": (
        "tests/integration/local_gateway/server/test_chaos.py",
        "the faults that the option --chaos injects",
    ),
    "local_gateway/server/responses.py": (
        "tests/integration/local_gateway/server/test_management_api.py",
        "the responses without a function behind them",
    ),
    "local_gateway/aws_services/parameters.py": (
        "tests/integration/local_gateway/aws_services/test_creators_attributes.py",
        "conversion by the services' own models, for every type that is created",
    ),
    "local_gateway/aws_services/stored_values.py": (
        "tests/integration/local_gateway/aws_services/test_provisioning.py",
        "reads what provisioning has stored",
    ),
    "local_gateway/inspector/connection_list.py": (
        "tests/unit/local_gateway/inspector/test_stream.py",
        "the part of a stream that lists connections",
    ),
    "local_gateway/recording/format.py": (
        "tests/unit/local_gateway/recording/test_recorder.py",
        "the lines that the recorder writes and the reader reads",
    ),
    "local_gateway/template/document/errors.py": (
        "tests/unit/local_gateway/template/loading/test_malformed.py",
        "how an error of any step names its place",
    ),
    "local_gateway/template/loading/template.py": (
        "tests/unit/local_gateway/template/loading/test_load.py",
        "what loading makes",
    ),
    "sapa/web/asyncapi.py": (
        "tests/integration/sapa/web/test_openapi.py",
        "both documents are checked against the standards' schemas",
    ),
}


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
        print("exemptions that exempt nothing, or whose test file is gone:", *stale)
    sys.exit(1 if missing or stale else 0)


def modules(root: Path) -> Iterator[Path]:
    """Every module that is not an empty `__init__`, relative to the root."""
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            if path.name != "__init__.py" or not declares_only(path):
                yield path.relative_to(root)


def missing_tests(root: Path) -> Iterator[Path]:
    """The modules that should have a test file and have none."""
    for module in modules(root):
        if any(fnmatch(str(below_package(module)), pattern) for pattern in EXEMPT):
            continue
        if not has_test_file(root, module) and not declares_only(root / module):
            yield module


def stale_exemptions(root: Path) -> list[str]:
    """Exemptions whose test file is gone, or that exempt nothing any more."""
    untested = [str(below_package(item)) for item in modules(root) if not has_test_file(root, item)]
    return [
        pattern
        for pattern, (test, _) in EXEMPT.items()
        if not (root / test).is_file() or not any(fnmatch(path, pattern) for path in untested)
    ]


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
