"""`--env-vars FILE`: values for environment variables of functions, as `sam local` takes them.

`{"Parameters": {"NAME": "value"}, "LOGICAL_ID": {"NAME": "value"}}`: `Parameters` is for every
function, a logical id for its own, which wins. Only variables that the template gives the function
are set, as `sam local` does it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from local_gateway.core.model import Application
from local_gateway.errors import GatewayError

EVERY_FUNCTION = "Parameters"
_EXPECTED = '{"Parameters": {"NAME": "value"}, "LOGICAL_ID": {"NAME": "value"}}'


class FunctionVariablesError(GatewayError):
    """The file is not what `sam local` takes, or names a function that does not exist."""


@dataclass(frozen=True, slots=True)
class FunctionVariables:
    """The content of a file, by logical id or `Parameters`."""

    path: Path
    values: Mapping[str, Mapping[str, str]]

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a file; raises `FunctionVariablesError`."""
        try:
            content = json.loads(path.read_bytes())
        except OSError as error:
            raise FunctionVariablesError(f"--env-vars {path}: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise FunctionVariablesError(f"--env-vars {path}: not JSON: {error}") from None
        if not isinstance(content, dict):
            raise FunctionVariablesError(f"--env-vars {path}: expected {_EXPECTED}")
        return cls(path, {name: _variables(path, name, item) for name, item in content.items()})

    def apply(self, application: Application) -> tuple[Application, list[str]]:
        """The application with these values, and warnings about those that set nothing."""
        functions = dict(application.functions)
        for name in self.values.keys() - {EVERY_FUNCTION} - functions.keys():
            there_are = ", ".join(functions) or "none"
            raise FunctionVariablesError(
                f"--env-vars {self.path}: no function is called {name}; there are: {there_are}"
            )
        for name, function in functions.items():
            values = {**self.values.get(EVERY_FUNCTION, {}), **self.values.get(name, {})}
            declared = {key: value for key, value in values.items() if key in function.environment}
            functions[name] = replace(function, environment={**function.environment, **declared})
        return replace(application, functions=functions), list(self._without_effect(application))

    def _without_effect(self, application: Application) -> list[str]:
        warnings = []
        for name, values in self.values.items():
            owners = application.functions if name == EVERY_FUNCTION else [name]
            environments = [application.functions[owner].environment for owner in owners]
            for variable in values:
                if not any(variable in environment for environment in environments):
                    warnings.append(
                        f"--env-vars {self.path}: {name}.{variable} has no effect: the template "
                        "declares no such variable, and sam local ignores it, too"
                    )
        return warnings


def _variables(path: Path, name: str, content: object) -> dict[str, str]:
    if not isinstance(content, dict):
        raise FunctionVariablesError(
            f"--env-vars {path}: {name} must be an object of variables, as in {_EXPECTED}"
        )
    return {
        variable: _text(path, f"{name}.{variable}", value) for variable, value in content.items()
    }


def _text(path: Path, place: str, value: Any) -> str:
    """A variable is text; numbers and booleans are written as in JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise FunctionVariablesError(f"--env-vars {path}: {place} must be a string, number or boolean")
