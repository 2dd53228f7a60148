"""Leads code that names `/opt/…` to the layers on this machine.

`/opt/python` on `sys.path`, and the functions that open and list files, find there what the layers
have. Programs that are started with such a path, and libraries that are loaded by one, are not led.

Loaded by its path, if the function has layers.
"""

from __future__ import annotations

import builtins
import io
import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

_READING = ("access", "listdir", "lstat", "open", "readlink", "scandir", "stat")


def use_layers(encoded: str) -> None:
    """Lead paths to the pairs of path and directory in the variable `LOCAL_GATEWAY_MOUNTS`."""
    mounts = _Mounts(json.loads(encoded), tuple(sys.path_hooks))
    sys.path_hooks.insert(0, mounts.finder)
    for name in _READING:
        original = getattr(os, name)
        leading = mounts.leading(original)
        for functions in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
            if original in functions:
                functions.add(leading)
        setattr(os, name, leading)
    builtins.open = io.open = mounts.leading(builtins.open)


class _Mounts:
    """Directories by the path that they have on Lambda."""

    def __init__(
        self, mounts: Sequence[tuple[str, str]], hooks: Sequence[Callable[[str], Any]]
    ) -> None:
        self._mounts = mounts
        self._hooks = hooks
        self._stat = os.stat

    def local(self, path: str) -> Iterator[str]:
        """The paths here that exist."""
        for place, directory in self._mounts:
            if path == place or path.startswith(f"{place}/"):
                candidate = directory + path[len(place) :]
                try:
                    self._stat(candidate)
                except OSError:
                    continue
                yield candidate

    def leading(self, read: Callable[..., Any]) -> Callable[..., Any]:
        """A function that is given the path here, where there is one."""

        def read_here(path: Any, *arguments: Any, **options: Any) -> Any:
            text = os.fspath(path) if isinstance(path, os.PathLike) else path
            if isinstance(text, str) and text.startswith("/"):
                path = next(self.local(text), path)
            return read(path, *arguments, **options)

        return read_here

    def finder(self, path: str) -> _Finders:
        """A hook of `sys.path_hooks`."""
        directories = list(self.local(path)) if path.startswith("/opt") else []
        if not directories:
            raise ImportError
        return _Finders([_finder_of(directory, self._hooks) for directory in directories])


def _finder_of(directory: str, hooks: Sequence[Callable[[str], Any]]) -> Any:
    for hook in hooks:
        try:
            return hook(directory)
        except ImportError:
            continue
    raise ImportError


class _Finders:
    """Looks for a module in the same folder of several layers."""

    def __init__(self, finders: list[Any]) -> None:
        self._finders = finders

    def find_spec(self, name: str, target: ModuleType | None = None) -> ModuleSpec | None:
        """The first layer's module."""
        specs = (finder.find_spec(name, target) for finder in self._finders)
        return next((spec for spec in specs if spec is not None), None)

    def invalidate_caches(self) -> None:
        """Like a finder of a single folder."""
        for finder in self._finders:
            finder.invalidate_caches()
