"""Does a handler exist, and can its imports be found? Answered without running any of it.

Only statements that run when the module is imported are looked at; whatever is inside `try` is
left alone, because a missing module may be meant there.
"""

import ast
import importlib.machinery
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local_gateway.template.errors import Place, TemplateError, did_you_mean


@dataclass(frozen=True, slots=True)
class _Module:
    path: Path
    tree: ast.Module


@dataclass(slots=True)
class HandlerCheck:
    """Checks handlers; modules that several functions share are parsed once."""

    _parsed: dict[Path, ast.Module] = field(default_factory=dict)
    _sound: set[tuple[Path, tuple[Path, ...]]] = field(default_factory=set)

    def check(self, handler: str, roots: Sequence[Path], place: Place) -> None:
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
        path = _locate(dotted, roots)
        if path is None:
            if _is_installed(dotted):
                return
            file = f"{module_name.replace('.', '/')}.py"
            raise TemplateError(
                place, f"the handler {handler} needs {file}, which is not in {roots[0]}"
            )
        module = self._parse(path, place)
        self._check_imports(module, tuple(roots), place)
        names = _names(module.tree)
        if names is not None and attribute not in names:
            raise TemplateError(
                place,
                f"the handler {handler} needs a function {attribute}, {path} has none",
                did_you_mean(attribute, frozenset(names)),
            )

    def _parse(self, path: Path, place: Place) -> _Module:
        if path not in self._parsed:
            try:
                self._parsed[path] = ast.parse(path.read_bytes(), filename=str(path))
            except (SyntaxError, ValueError) as error:
                line = getattr(error, "lineno", None)
                where = f"{path}:{line}" if line else str(path)
                raise TemplateError(
                    place, f"the handler does not import: {where}: {error.args[0]}"
                ) from None
        return _Module(path, self._parsed[path])

    def _check_imports(self, module: _Module, roots: tuple[Path, ...], place: Place) -> None:
        if (module.path, roots) in self._sound:
            return
        self._sound.add((module.path, roots))
        for statement in _import_statements(module.tree.body):
            if isinstance(statement, ast.Import):
                for alias in statement.names:
                    self._follow(alias.name, None, module, statement, roots, place)
            elif statement.level == 0 and statement.module:
                for alias in statement.names:
                    self._follow(statement.module, alias.name, module, statement, roots, place)

    def _follow(
        self,
        name: str,
        member: str | None,
        importer: _Module,
        statement: ast.stmt,
        roots: tuple[Path, ...],
        place: Place,
    ) -> None:
        where = f"{importer.path}:{statement.lineno}"
        path = _locate(name, roots)
        if path is None:
            if _locate(name.partition(".")[0], roots) is None and _is_installed(name):
                return
            if _is_namespace(name, roots):
                return
            raise TemplateError(
                place,
                f"the handler does not import: {where}: there is no module {name}",
                "install it into the environment the gateway runs in, or put it into a layer",
            )
        module = self._parse(path, place)
        self._check_imports(module, roots, place)
        if member is None or member == "*":
            return
        names = _names(module.tree)
        if names is None or member in names:
            return
        submodule = _locate(f"{name}.{member}", roots)
        if submodule is None:
            raise TemplateError(
                place,
                f"the handler does not import: {where}: {path} has no {member}",
                did_you_mean(member, frozenset(names)),
            )
        self._check_imports(self._parse(submodule, place), roots, place)


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


def _is_installed(dotted: str) -> bool:
    top = dotted.partition(".")[0]
    if top in sys.stdlib_module_names:
        return True
    return importlib.machinery.PathFinder.find_spec(top) is not None


def _import_statements(body: Sequence[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    for statement in body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            yield statement
        elif isinstance(statement, ast.With):
            yield from _import_statements(statement.body)


def _names(tree: ast.Module) -> set[str] | None:
    """The names a module has after its import; None when they cannot be told by reading."""
    names: set[str] = {"__doc__", "__file__", "__name__", "__path__"}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((item.asname or item.name).partition(".")[0] for item in node.names)
    return None if "*" in names or "__getattr__" in names else names
