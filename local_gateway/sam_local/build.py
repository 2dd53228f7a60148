"""Prepares the output of `sam build` for `sam local`.

SAM gives a container only the variables that its template declares (samcli 1.170,
`local/lambdafn/env_vars.py`), and `sam deploy` would deploy all that the template declares. So the
built template does not change; a copy beside it declares the variables that only the laptop needs.
Their values are in a file for `--env-vars`, which wins over the developer's shell: otherwise real
credentials or another region could get into a container.
"""

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from local_gateway.core.model import Application
from local_gateway.errors import GatewayError
from local_gateway.runtime.child.python.redirection import VARIABLE
from local_gateway.runtime.variables import DUMMY_CREDENTIALS, service_variables
from local_gateway.template.document.source import Json, JsonObject, as_object, load_source

BUILT_TEMPLATE = "template.yaml"
TEMPLATE = "sam-local.json"
VARIABLES = "env.json"

# A container's name for this machine: Docker Desktop resolves it, elsewhere
# `--add-host host.docker.internal:host-gateway` does.
HOST = "host.docker.internal"

# What names the template of a nested stack.
_NESTED = frozenset({"Location", "TemplateURL"})
_FUNCTIONS = frozenset({"AWS::Serverless::Function", "AWS::Lambda::Function"})


class SamLocalBuild:
    """The directory that `sam build --build-dir` wrote.

    The build was made with `parameters`, so the copy has their values in place of references:
    `samconfig.toml` could give other values, which are for a deployment.
    """

    def __init__(self, directory: Path, parameters: Mapping[str, str]) -> None:
        self._directory = directory
        self._parameters = parameters
        self._variables: dict[str, dict[str, str]] | None = None

    @property
    def options(self) -> str:
        """The options that every command of `sam local` needs to work with this run."""
        return (
            f"--template {self._directory}/{TEMPLATE} --env-vars {self._directory}/{VARIABLES} "
            f"--add-host {HOST}:host-gateway"
        )

    @property
    def build_command(self) -> str:
        """The command that builds again, with the same parameters."""
        overrides = [f"{name}={value}" for name, value in self._parameters.items()]
        if overrides:
            overrides.insert(0, "--parameter-overrides")
        return shlex.join(["sam", "build", "--build-dir", str(self._directory), *overrides])

    def start_lambda(self, url: str) -> str:
        """The command that runs the functions at `url`.

        It starts the containers at once: with `LAZY` the first handshake waits for two of them.
        """
        port = urlsplit(url).port
        options = f"{self.options} --warm-containers EAGER"
        return f"sam local start-lambda {options}{f' --port {port}' if port else ''}"

    @property
    def template(self) -> Path:
        """What `sam build` writes last."""
        return self._directory / BUILT_TEMPLATE

    @property
    def files(self) -> tuple[Path, Path]:
        """What `write` writes, apart from the copies of nested templates."""
        return self._directory / TEMPLATE, self._directory / VARIABLES

    def write(self, application: Application, aws_endpoint_url: str, ports: Iterable[int]) -> bool:
        """Write `sam-local.json` and `env.json`; true if variables differ from the last ones.

        Containers may use these `ports` of this machine. Raises `GatewayError` when there is no
        built template, or when it cannot be read.
        """
        if not self.template.is_file():
            raise GatewayError(
                f"--sam-local {self._directory}: there is no {BUILT_TEMPLATE}; "
                f"run `{self.build_command}` first"
            )
        variables = container_variables(application, aws_endpoint_url, ports)
        names = {function: list(values) for function, values in variables.items()}
        self._write_template(self.template, names, self._parameters)
        self._write(self._directory / VARIABLES, variables)
        before, self._variables = self._variables, variables
        return before is not None and before != variables

    def _write_template(
        self, built: Path, names: Mapping[str, list[str]], parameters: Mapping[str, str]
    ) -> None:
        """Write the copy beside a built template, and those of the templates nested in it."""
        template = declaring(load_source(built).document, names, parameters)
        for logical_id, declared in as_object(template["Resources"]).items():
            properties = as_object(as_object(declared).get("Properties"))
            for key in _NESTED.intersection(properties):
                location = properties[key]
                if isinstance(location, str) and (built.parent / location).is_file():
                    inner = _below(f"{logical_id}/", names)
                    self._write_template(built.parent / location, inner, {})
                    properties[key] = str(Path(location).with_name(TEMPLATE))
        self._write(built.with_name(TEMPLATE), template)

    def _write(self, path: Path, content: Mapping[str, object]) -> None:
        try:
            path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise GatewayError(f"{path} cannot be written: {error.strerror}") from None


def container_variables(
    application: Application, aws_endpoint_url: str, ports: Iterable[int]
) -> dict[str, dict[str, str]]:
    """The variables that each container needs, by the function's logical id.

    Addresses of this machine are replaced by the containers' name for it.
    """
    region = application.region
    added = {
        **service_variables(aws_endpoint_url, region),
        **DUMMY_CREDENTIALS,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }
    numbers = "|".join(map(str, ports))
    here = re.compile(rf"(?<![\w.-])(?:localhost|127\.0\.0\.1|\[::1\])(?=:(?:{numbers})(?!\d))")
    return {
        logical_id: {
            name: here.sub(HOST, value)
            for name, value in {**added, **function.environment}.items()
            if name != VARIABLE
        }
        for logical_id, function in application.functions.items()
    }


def _below(prefix: str, names: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {
        name.removeprefix(prefix): variables
        for name, variables in names.items()
        if name.startswith(prefix)
    }


def declaring(
    built: JsonObject, names: Mapping[str, Iterable[str]], parameters: Mapping[str, str]
) -> JsonObject:
    """A copy of a built template whose functions declare these variables, by logical id."""
    declared = as_object(built.get("Parameters"))
    defaults: JsonObject = {
        name: {**as_object(parameter), "Default": parameters[name]}
        if name in parameters
        else parameter
        for name, parameter in declared.items()
    }
    resources: JsonObject = {
        logical_id: _with_variables(
            as_object(_filled_in(resource, parameters)), names.get(logical_id, ())
        )
        for logical_id, resource in as_object(built.get("Resources")).items()
    }
    sections: JsonObject = {"Parameters": defaults} if defaults else {}
    if "Globals" in built:
        sections["Globals"] = _filled_in(built["Globals"], parameters)
    return {**built, **sections, "Resources": resources}


def _filled_in(value: Json, parameters: Mapping[str, str]) -> Json:
    match value:
        case {"Ref": str(name)} if name in parameters:
            return parameters[name]
        case dict():
            return {key: _filled_in(item, parameters) for key, item in value.items()}
        case list():
            return [_filled_in(item, parameters) for item in value]
    return value


def _with_variables(resource: JsonObject, names: Iterable[str]) -> Json:
    if resource.get("Type") not in _FUNCTIONS:
        return resource
    properties = as_object(resource.get("Properties"))
    environment = as_object(properties.get("Environment"))
    missing: JsonObject = dict.fromkeys(names, "")
    variables: JsonObject = {**missing, **as_object(environment.get("Variables"))}
    environment = {**environment, "Variables": variables}
    return {**resource, "Properties": {**properties, "Environment": environment}}
