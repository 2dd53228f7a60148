"""Finds the stack that a script works on: deployed on AWS, or running on this computer."""

import http.client
import json
import tomllib
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

SAMCONFIG = Path(__file__).parents[2] / "samconfig.toml"
# All that a client of boto3 raises. The last is for an answer that is not of AWS.
AWS_ERRORS = (BotoCoreError, ClientError, ResponseParserError)
_LONGEST_ANSWER = 300
# What the local gateway accepts; it opens nothing but the services of that run.
_DUMMY = "local"


class StackError(Exception):
    """There is no such stack, or it cannot be asked; the message is for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack's outputs, and what a boto3 session and its clients need to reach its services."""

    name: str
    outputs: Mapping[str, str]
    session: boto3.Session = field(repr=False)
    endpoint_url: str | None = None
    # What needs no question to CloudFormation.
    resources: Mapping[str, str] | None = None

    @property
    def title(self) -> str:
        """The stack as messages name it."""
        return f"the stack {self.name}" if self.resources is None else f"the bot at {self.name}"

    def client(self, service: str) -> Any:
        """A boto3 client of a service of the stack."""
        return self.session.client(service, endpoint_url=self.endpoint_url)  # type: ignore[call-overload]

    def resource(self, logical_id: str) -> str:
        """The physical id of a resource; raises `StackError` when there is none."""
        if self.resources is not None:
            if logical_id not in self.resources:
                raise StackError(f"{self.title} has no resource {logical_id}")
            return self.resources[logical_id]
        try:
            answer = self.client("cloudformation").describe_stack_resource(
                StackName=self.name, LogicalResourceId=logical_id
            )
            return str(answer["StackResourceDetail"]["PhysicalResourceId"])
        except AWS_ERRORS as error:
            raise StackError(f"{self.title}: {aws_reason(error)}") from error
        except KeyError as error:
            raise StackError(f"{self.title}: {logical_id} has no {error} yet") from error

    def output(self, name: str) -> str:
        """The value of an output; raises `StackError` when there is none."""
        if name not in self.outputs:
            raise StackError(
                f"{self.title} has no output {name}: it is another stack, or not ready"
            )
        return self.outputs[name]


def deployed_stack(name: str, region: str | None = None, samconfig: Path = SAMCONFIG) -> Stack:
    """A stack on AWS, with the developer's own credentials.

    It is looked for in `region`, else where samconfig.toml deploys a stack of that name, else in
    the region of the AWS configuration. Raises `StackError`.
    """
    session = boto3.Session(region_name=region or _configured_region(name, samconfig))
    if session.region_name is None:
        raise StackError(f"no region for the stack {name}: name it with REGION=…")
    return described_stack(name, session)


def described_stack(name: str, session: boto3.Session, endpoint_url: str | None = None) -> Stack:
    """What CloudFormation says of a stack; raises `StackError`."""
    client = session.client("cloudformation", endpoint_url=endpoint_url)
    try:
        answer = client.describe_stacks(StackName=name)
    except AWS_ERRORS as error:
        raise StackError(_why_not_found(name, str(session.region_name), error)) from error
    if not answer.get("Stacks"):
        raise StackError(f"there is no stack {name} in {session.region_name}")
    outputs = {
        output["OutputKey"]: output["OutputValue"]
        for output in answer["Stacks"][0].get("Outputs", [])
        if "OutputKey" in output and "OutputValue" in output
    }
    return Stack(name=name, outputs=outputs, session=session, endpoint_url=endpoint_url)


def running_stack(url: str) -> Stack:
    """The stack that a local gateway serves at `url`; raises `StackError` when none does."""
    address = f"{url.rstrip('/')}/_gateway/stack"
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - a local URL
            described = json.load(answer)
        return Stack(
            name=url,
            outputs=_texts(described["outputs"]),
            session=boto3.Session(_DUMMY, _DUMMY, region_name=_text(described["region"])),
            # Without it, the clients would ask AWS itself.
            endpoint_url=_text(described["aws_endpoint_url"]),
            resources=_texts(described["resources"]),
        )
    except urllib.error.HTTPError as error:
        raise StackError(f"{url} is not a local gateway: it answers {error.code}") from error
    except OSError as error:
        raise StackError(
            f"nothing answers at {url}: start `make run`, name its port with PORT=…, or a stack on "
            "AWS with STACK=…"
        ) from error
    except (ValueError, KeyError, TypeError, RecursionError, http.client.HTTPException) as error:
        raise StackError(f"{url} is not a local gateway: its answer makes no sense") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise TypeError(value)
    return {str(name): _text(text) for name, text in value.items()}


def one_line(text: str) -> str:
    """An answer as a part of a message: in one line, and not all of a long one."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_ANSWER else f"{line[:_LONGEST_ANSWER]}…"


def aws_reason(error: Exception) -> str:
    """Why AWS did not do something, in one line, and what to do about it if there is something."""
    if isinstance(error, ClientError):
        reason = error.response.get("Error", {})
        return one_line(f"{reason.get('Message', 'no reason given')} ({reason.get('Code')})")
    if isinstance(error, ResponseParserError):
        return one_line(f"the answer is not one of AWS: {error}")
    if type(error).__name__ in ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"):
        return f"{error}: log in with the AWS CLI, or choose a profile with AWS_PROFILE=…"
    return one_line(str(error))


def _why_not_found(name: str, region: str, error: Exception) -> str:
    if isinstance(error, ClientError) and "does not exist" in aws_reason(error):
        return f"there is no stack {name} in {region}: deploy it, or choose another REGION=…"
    return f"the stack {name} in {region} cannot be asked: {aws_reason(error)}"


def _configured_region(name: str, samconfig: Path) -> str | None:
    if not samconfig.exists():
        return None
    try:
        environments = tomllib.loads(samconfig.read_text(encoding="utf-8")).values()
    except (OSError, ValueError) as error:
        raise StackError(f"{samconfig.name} cannot be read: {error}") from error
    for commands in environments:
        parameters: dict[str, object] = {}
        for command in ("global", "deploy"):
            parameters |= _section(_section(commands, command), "parameters")
        if parameters.get("stack_name") == name and isinstance(parameters.get("region"), str):
            return str(parameters["region"])
    return None


def _section(of: object, name: str) -> dict[str, object]:
    section = of.get(name) if isinstance(of, dict) else None
    return section if isinstance(section, dict) else {}
