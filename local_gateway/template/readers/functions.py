"""Lambda functions as typed values."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from local_gateway.core.model import LambdaFunction, Layer
from local_gateway.interpreters import language_of
from local_gateway.template.document.errors import Place, TemplateError
from local_gateway.template.document.problems import ConsequenceError, NotServedError
from local_gateway.template.document.source import as_object
from local_gateway.template.readers.archives import FOLDER
from local_gateway.template.readers.handlers import read_handler, read_runtime
from local_gateway.template.readers.layers import content_directory
from local_gateway.template.readers.properties import Properties
from local_gateway.template.readers.resolved_template import ResolvedTemplate

DEFAULT_TIMEOUT = 3.0
DEFAULT_MEMORY_SIZE = 128

# Properties that change how a function is invoked, and what they stand for.
_NOT_SERVED = {"DurableConfig": "durable functions", "TenancyConfig": "isolated tenants"}

_MOST_VARIABLES = 4096
_VARIABLE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# Lambda developer guide, configuration-envvars, "Defined runtime environment variables".
_RESERVED_VARIABLES = frozenset(
    {
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
    }
)


@dataclass(frozen=True, slots=True)
class _Code:
    """Code to run, and its directory."""

    runtime: str
    handler: str
    directory: Path
    layers: tuple[Layer, ...] = ()


@dataclass(slots=True)
class FunctionReader:
    """Reads the functions of a template, and adds to `warnings`.

    `remote_functions` are run by something else: they may have any runtime, and of their code only
    the directories are read, so that changes of it are seen.
    """

    resources: ResolvedTemplate
    layers: Mapping[str, Layer]
    warnings: list[str]
    remote_functions: bool = False

    def read(self) -> dict[str, LambdaFunction]:
        """The functions by logical id; raises `TemplateError` for one that could not run."""
        functions: dict[str, LambdaFunction] = {}
        names: dict[str, str] = {}
        for properties in self.resources.of_type("AWS::Lambda::Function"):
            with self.resources.problems.collect():
                function = self._function(properties)
                if (other := names.get(function.name)) is not None:
                    raise TemplateError(
                        properties.place("FunctionName"),
                        f"{other} has the name {function.name}, too",
                        "give one of them another name",
                    )
                names[function.name] = function.logical_id
                functions[function.logical_id] = function
        return functions

    def _function(self, properties: Properties) -> LambdaFunction:
        for name, feature in _NOT_SERVED.items():
            if name in properties.values:
                raise NotServedError(
                    properties.place(name), f"{feature} are not served", "the function is left out"
                )
        code = self._remote_code(properties) if self.remote_functions else self._code(properties)
        return LambdaFunction(
            logical_id=properties.logical_id,
            name=self.resources.ref_of(properties),
            arn=self.resources.arn_of(properties),
            runtime=code.runtime,
            handler=code.handler,
            code=code.directory,
            timeout=properties.number("Timeout") or DEFAULT_TIMEOUT,
            memory_size=properties.integer("MemorySize") or DEFAULT_MEMORY_SIZE,
            layers=code.layers,
            environment=self._environment(properties),
            logging=_logging(properties),
            reserved_concurrency=properties.integer("ReservedConcurrentExecutions"),
            build=self.resources.metadata_of(properties),
            stops_recursive_loops=_stops_recursive_loops(properties),
        )

    def _code(self, properties: Properties) -> _Code:
        runtime = read_runtime(properties)
        build = self.resources.metadata_of(properties)
        code = _inline_code_directory(properties, runtime) or content_directory(
            properties, "Code", properties.place("Code")
        )
        layers = self._layers(properties, runtime)
        roots = (code, *(root for layer in layers for root in layer.source_roots))
        return _Code(runtime, read_handler(properties, runtime, roots, build), code, layers)

    def _remote_code(self, properties: Properties) -> _Code:
        """Code that is not run here; if it has no directory, the template's file stands for it."""
        template, code = properties.source.path.resolve(), properties.value("Code")
        directory = template.parent / code if isinstance(code, str) else template
        arns = properties.texts("Layers")
        return _Code(
            properties.optional_text("Runtime") or "",
            properties.optional_text("Handler") or "",
            directory.resolve() if directory.is_dir() else template,
            tuple(self.layers[arn] for arn in arns if arn in self.layers),
        )

    def _layers(self, properties: Properties, runtime: str) -> tuple[Layer, ...]:
        layers = []
        is_node = language_of(runtime) == "node"
        where = "with npm beside the code" if is_node else "in the environment the gateway runs in"
        for arn in properties.texts("Layers"):
            if (layer := self.layers.get(arn)) is not None:
                layers.append(layer)
                continue
            self.warnings.append(
                f"{properties.place('Layers')}: the layer {arn} is not in this template; what it "
                f"holds must be installed {where}"
            )
        return tuple(layers)

    def _environment(self, properties: Properties) -> dict[str, str]:
        section = properties.section("Environment")
        section.only("Variables")
        variables = section.text_map("Variables")
        for name in variables:
            if name in _RESERVED_VARIABLES or not _VARIABLE_NAME.fullmatch(name):
                why = "Lambda sets it itself" if name in _RESERVED_VARIABLES else "its name"
                raise TemplateError(
                    section.place("Variables", name),
                    f"AWS refuses the variable: {why}",
                    "expected a letter, then letters, digits and _, and no name that Lambda sets",
                )
        size = sum(len(name.encode()) + len(text.encode()) for name, text in variables.items())
        if size > _MOST_VARIABLES:
            raise TemplateError(
                section.place("Variables"),
                f"the variables have {size} bytes, AWS allows {_MOST_VARIABLES}",
                "keep long values in a parameter or in a file",
            )
        return variables


def _logging(properties: Properties) -> dict[str, str]:
    """The variables that Lambda makes of `LoggingConfig` for the runtime."""
    section = properties.section("LoggingConfig")
    if section.choice("LogFormat", ("Text", "JSON"), "Text") == "Text":
        return {}
    level = section.choice(
        "ApplicationLogLevel", ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"), "INFO"
    )
    return {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": level}


def _stops_recursive_loops(properties: Properties) -> bool:
    return properties.choice("RecursiveLoop", ("Allow", "Terminate"), "Terminate") == "Terminate"


class FunctionDirectory:
    """Finds functions by what integrations and authorizers hold: ARNs and invocation URIs."""

    _URI = re.compile(
        r"arn:[^:]+:apigateway:[^:]+:lambda:path/2015-03-31/functions/(?P<arn>.+)/invocations"
    )

    def __init__(
        self, functions: Mapping[str, LambdaFunction], failed: Collection[str] = ()
    ) -> None:
        # Function names, of which the template says something that is wrong.
        self._failed = frozenset(failed)
        self._by_arn = {function.arn: function.logical_id for function in functions.values()}
        self._by_name = {function.name: function for function in functions.values()}

    def find(self, properties: Properties, name: str) -> str:
        """The logical id behind a property; a version or alias leads to its function."""
        uri = properties.text(name)
        if "${stageVariables." in uri:
            raise NotServedError(
                properties.place(name),
                "stage variables in a function's name are not served",
                "the route is left out",
            )
        match = self._URI.fullmatch(uri)
        arn = match["arn"] if match else uri
        unqualified = ":".join(arn.split(":")[:7])
        if unqualified not in self._by_arn:
            expected = "the function's ARN or its invocation URI"
            raise self._not_there(properties.place(name), arn, expected)
        return self._by_arn[unqualified]

    def _not_there(self, place: Place, text: str, expected: str) -> TemplateError:
        cause = f"{text} is not a function of this template"
        if not self._failed.isdisjoint(text.split(":")):
            return ConsequenceError(place, cause)
        if text.startswith("arn:"):
            return NotServedError(place, cause, "what leads there is left out")
        return TemplateError(place, cause, f"expected {expected}")

    def find_by_name(self, properties: Properties, name: str) -> LambdaFunction:
        """The function behind a `FunctionName`: a name or an ARN, whole or partial, qualified.

        Source: Lambda API reference, CreateEventSourceMapping, "FunctionName".
        """
        text = properties.text(name)
        parts = text.split(":")
        # arn:aws:lambda:region:account:function:name:alias, account:function:name, name:alias
        at = parts.index("function") + 1 if "function" in parts[:-1] else 0
        if parts[at] not in self._by_name or len(parts) > at + 2:
            raise self._not_there(properties.place(name), text, "the function's name or ARN")
        return self._by_name[parts[at]]


def _file_name(logical_id: str) -> str:
    """A logical id as the name of a folder: whatever it is called, it stays in its place."""
    return re.sub(r"[^A-Za-z0-9_-]", lambda match: f"%{ord(match[0]):02X}", logical_id)


def _inline_code_directory(properties: Properties, runtime: str) -> Path | None:
    """The directory of a function's inline code; None when it has none.

    It lies beside the template, in `.local_gateway/inline/{logical id}`. Code that is the same is
    not written again, so that the file's time is the time of its last change.
    """
    text = as_object(properties.value("Code")).get("ZipFile")
    if not isinstance(text, str):
        return None
    root = properties.source.path.parent.resolve()
    directory = root / FOLDER / "inline" / _file_name(properties.logical_id)
    directory.mkdir(parents=True, exist_ok=True)
    if language_of(runtime) == "python":
        files = {"index.py": text}
    else:  # with a package.json, because that of the project does not count on AWS
        files = {"index.js": text, "package.json": "{}"}
    for name, content in files.items():
        file = directory / name
        if not file.is_file() or file.read_text(encoding="utf-8") != content:
            file.write_text(content, encoding="utf-8")
    return directory
