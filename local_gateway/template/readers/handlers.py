"""Does a handler exist, and can its imports be found? Answered without running any of it.

Only statements that run when the module is imported are looked at; whatever is inside `try` is
left alone, because a missing module may be meant there.
"""

import ast
import importlib
import importlib.machinery
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from local_gateway.template.document.errors import Place, TemplateError, did_you_mean


@dataclass(frozen=True, slots=True)
class _Module:
    """A parsed file; `names` is None when they cannot be told by reading."""

    path: Path
    body: Sequence[ast.stmt]
    names: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class _Import:
    """`import module` or `from module import member`; `where` is file and line."""

    module: str
    member: str | None
    where: str


@dataclass(slots=True)
class HandlerCheck:
    """Checks handlers; modules that several functions share are parsed once."""

    _parsed: dict[Path, _Module] = field(default_factory=dict)
    _located: dict[tuple[str, tuple[Path, ...]], Path | None] = field(default_factory=dict)
    _checked: set[tuple[Path, tuple[Path, ...]]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Look anew at what is installed: it may have been since the last check."""
        _is_installed.cache_clear()
        _holds_distributions.cache_clear()
        importlib.invalidate_caches()

    def check(self, handler: str, roots: tuple[Path, ...], place: Place) -> None:
        """Check `module.function` against the code directory and the layers' source roots.

        Raises `TemplateError` when the module's file is missing, when it or a module that it
        imports has a syntax error or an import that cannot be found, and when it has no such name.
        """
        module_name, _, attribute = handler.rpartition(".")
        if not module_name or not attribute:
            raise TemplateError(
                place, f"the handler {handler} names no function", "expected file.function"
            )
        dotted = module_name.replace("/", ".")
        path = self._locate(dotted, roots)
        if path is None:
            if _is_installed(dotted):
                return
            file = f"{module_name.replace('.', '/')}.py"
            raise TemplateError(
                place, f"the handler {handler} needs {file}, which is not in {roots[0]}"
            )
        module = self._parse(path, place)
        self._check_imports(module, roots, place)
        if module.names is not None and attribute not in module.names:
            raise TemplateError(
                place,
                f"the handler {handler} needs a function {attribute}, {path} has none",
                did_you_mean(attribute, module.names),
            )

    def _locate(self, dotted: str, roots: tuple[Path, ...]) -> Path | None:
        key = (dotted, roots)
        if key not in self._located:
            self._located[key] = _locate(dotted, roots)
        return self._located[key]

    def _parse(self, path: Path, place: Place) -> _Module:
        if path not in self._parsed:
            try:
                tree = ast.parse(path.read_bytes(), filename=str(path))
            except (SyntaxError, ValueError) as error:
                line = getattr(error, "lineno", None)
                where = f"{path}:{line}" if line else str(path)
                raise TemplateError(
                    place, f"the handler does not import: {where}: {error.args[0]}"
                ) from None
            self._parsed[path] = _Module(path, tree.body, _names(tree))
        return self._parsed[path]

    def _check_imports(self, module: _Module, roots: tuple[Path, ...], place: Place) -> None:
        if (module.path, roots) in self._checked:
            return
        self._checked.add((module.path, roots))
        for wanted in _imports(module):
            self._follow(wanted, roots, place)

    def _follow(self, wanted: _Import, roots: tuple[Path, ...], place: Place) -> None:
        path = self._locate(wanted.module, roots)
        if path is None:
            self._check_outside(wanted, roots, place)
            return
        if _is_packaged(path, roots):
            return
        module = self._parse(path, place)
        self._check_imports(module, roots, place)
        member = wanted.member
        if member in (None, "*") or module.names is None or member in module.names:
            return
        dotted = f"{wanted.module}.{member}"
        submodule = self._locate(dotted, roots)
        if submodule is not None:
            self._check_imports(self._parse(submodule, place), roots, place)
        elif not _is_namespace(dotted, roots):
            raise TemplateError(
                place,
                f"the handler does not import: {wanted.where}: {path} has no {member}",
                did_you_mean(str(member), module.names),
            )

    def _check_outside(self, wanted: _Import, roots: tuple[Path, ...], place: Place) -> None:
        """A module that is no file in the roots: installed, a folder, compiled, or missing."""
        is_own = self._locate(wanted.module.partition(".")[0], roots) is not None
        if (not is_own and _is_installed(wanted.module)) or _is_namespace(wanted.module, roots):
            return
        raise TemplateError(
            place,
            f"the handler does not import: {wanted.where}: there is no module {wanted.module}",
            "install it into the environment the gateway runs in, or put it into a layer",
        )


def _locate(dotted: str, roots: Sequence[Path]) -> Path | None:
    relative = Path(*dotted.split("."))
    for root in roots:
        for candidate in (root / relative / "__init__.py", root / relative.with_suffix(".py")):
            if candidate.is_file():
                return candidate
    return None


def _is_namespace(dotted: str, roots: Sequence[Path]) -> bool:
    """A folder without `__init__.py`, or a compiled module."""
    relative = Path(*dotted.split("."))
    suffixes = importlib.machinery.EXTENSION_SUFFIXES
    return any(
        (root / relative).is_dir()
        or any((root / f"{relative}{suffix}").is_file() for suffix in suffixes)
        for root in roots
    )


@cache
def _is_installed(dotted: str) -> bool:
    top = dotted.partition(".")[0]
    if top in sys.stdlib_module_names:
        return True
    return importlib.machinery.PathFinder.find_spec(top) is not None


def _is_packaged(path: Path, roots: Sequence[Path]) -> bool:
    """Whether a file was put there by pip: other people's code is not read."""
    root = next(root for root in roots if path.is_relative_to(root))
    return _holds_distributions(root)


@cache
def _holds_distributions(root: Path) -> bool:
    return next(root.glob("*.dist-info"), None) is not None


def _imports(module: _Module) -> Iterator[_Import]:
    for statement in module.body:
        where = f"{module.path}:{statement.lineno}"
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                yield _Import(alias.name, None, where)
        elif isinstance(statement, ast.ImportFrom) and statement.level == 0:
            for alias in statement.names:
                yield _Import(statement.module or "", alias.name, where)


def _names(tree: ast.Module) -> frozenset[str] | None:
    """The names a module may have after its import; None when they cannot be told by reading."""
    names: set[str] = {"__doc__", "__file__", "__name__", "__path__"}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((item.asname or item.name).partition(".")[0] for item in node.names)
    return None if "*" in names or "__getattr__" in names else frozenset(names)
