"""Finds the stack that a script works on: deployed on AWS, or running on this computer."""

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

SAMCONFIG = Path(__file__).parents[2] / "samconfig.toml"
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
        except (BotoCoreError, ClientError) as error:
            raise StackError(f"{self.title}: {aws_reason(error)}") from error
        return str(answer["StackResourceDetail"]["PhysicalResourceId"])

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
    except (BotoCoreError, ClientError) as error:
        raise StackError(_why_not_found(name, str(session.region_name), error)) from error
    outputs = {
        output["OutputKey"]: output["OutputValue"]
        for output in answer["Stacks"][0].get("Outputs", [])
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
            outputs=described["outputs"],
            session=boto3.Session(_DUMMY, _DUMMY, region_name=described["region"]),
            endpoint_url=described["aws_endpoint_url"],
            resources=described["resources"],
        )
    except urllib.error.HTTPError as error:
        raise StackError(f"{url} is not a local gateway: it answers {error.code}") from error
    except OSError as error:
        raise StackError(
            f"nothing answers at {url}: start `make run`, name its port with PORT=…, or a stack on "
            "AWS with STACK=…"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise StackError(f"{url} is not a local gateway: its answer makes no sense") from error


def aws_reason(error: BotoCoreError | ClientError) -> str:
    """Why AWS did not do something, in one line, and what to do about it if there is something."""
    if isinstance(error, ClientError):
        reason = error.response["Error"]
        return f"{reason['Message']} ({reason['Code']})"
    if type(error).__name__ in ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"):
        return f"{error}: log in with the AWS CLI, or choose a profile with AWS_PROFILE=…"
    return str(error)


def _why_not_found(name: str, region: str, error: BotoCoreError | ClientError) -> str:
    if isinstance(error, ClientError) and "does not exist" in error.response["Error"]["Message"]:
        return f"there is no stack {name} in {region}: deploy it, or choose another REGION=…"
    return f"the stack {name} in {region} cannot be asked: {aws_reason(error)}"


def _configured_region(name: str, samconfig: Path) -> str | None:
    if not samconfig.exists():
        return None
    for commands in tomllib.loads(samconfig.read_text(encoding="utf-8")).values():
        if not isinstance(commands, dict):
            continue
        parameters: dict[str, object] = {}
        for command in ("global", "deploy"):
            parameters |= commands.get(command, {}).get("parameters", {})
        if parameters.get("stack_name") == name and isinstance(parameters.get("region"), str):
            return str(parameters["region"])
    return None
