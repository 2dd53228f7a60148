"""What makes a function a business process.

    @business_process
    def shout(message: str) -> str:
        \"""Say it louder.\"""
        return message.upper()

The parameters are the keys of a message, their annotations the types, the docstring is the
documentation and the return value the reply. This module needs no pydantic: what checks
the inputs is made by `sapa.messages.inputs`.
"""

import functools
import inspect
import keyword
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args, get_type_hints

from sapa.errors import BusinessProcessError
from sapa.processes.context import Context

__all__ = ["BusinessProcess", "Context", "Parameter", "Process", "business_process"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """An input variable: `key` in the message, `name` in Python (`from_` for the key `from`)."""

    key: str
    name: str
    annotation: object
    default: object

    @property
    def required(self) -> bool:
        """Whether a message has to have it."""
        return self.default is inspect.Parameter.empty


class BusinessProcess[**P, R]:
    """A function with what is needed to serve it; calling it calls the function."""

    def __init__(self, function: Callable[P, R]) -> None:
        self._function = function
        self.name = function.__name__
        self.documentation = inspect.getdoc(function) or ""
        functools.update_wrapper(self, function)
        _check(function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._function(*args, **kwargs)

    @functools.cached_property
    def hints(self) -> dict[str, object]:
        """The resolved annotations, `return` among them."""
        try:
            return get_type_hints(self._function, include_extras=True)
        except NameError as error:
            raise BusinessProcessError(self.name, f"unknown annotation: {error}") from error

    @functools.cached_property
    def context_name(self) -> str | None:
        """The parameter that gets the `Context`."""
        return next((name for name, hint in self._inputs() if _is_context(hint)), None)

    @functools.cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The input variables, in the order of the signature."""
        defaults = inspect.signature(self._function).parameters
        return tuple(
            Parameter(_key(name), name, hint, defaults[name].default)
            for name, hint in self._inputs()
            if not _is_context(hint)
        )

    def _inputs(self) -> list[tuple[str, object]]:
        return [(name, self.hints[name]) for name in inspect.signature(self._function).parameters]


type Process = BusinessProcess[..., object]


def business_process[**P, R](function: Callable[P, R]) -> BusinessProcess[P, R]:
    """Make a function servable as an endpoint. Raises `BusinessProcessError` at import."""
    return BusinessProcess(function)


def _is_context(hint: object) -> bool:
    return hint is Context or Context in get_args(hint)


def _key(name: str) -> str:
    stem = name.removesuffix("_")
    return stem if keyword.iskeyword(stem) else name


def _check(function: Callable[..., object]) -> None:
    name = function.__name__
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise BusinessProcessError(name, "is async; business processes are plain functions")
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
            raise BusinessProcessError(name, f"parameter {parameter} cannot be a message's key")
        if parameter.annotation is parameter.empty:
            raise BusinessProcessError(name, f"parameter {parameter.name} has no annotation")
