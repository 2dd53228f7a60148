"""The stack that a template is read as: its name, its account, and the names that it gives."""

import hashlib
import string
from dataclasses import dataclass, replace

from local_gateway.core.ports import url_suffix
from local_gateway.template.document.source import Json

_API_ID_LENGTH = 10
_LONGEST_NAME = 64
_ALPHABET = string.digits + string.ascii_lowercase


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Name, account, region and partition of the stack that the gateway pretends to be.

    Physical ids and names depend on the stack's name and the logical id alone, so that a restart
    keeps every URL and ARN.
    """

    name: str = "local"
    account_id: str = "123456789012"
    region: str = "us-east-1"

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`, from the region."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    @property
    def url_suffix(self) -> str:
        """`AWS::URLSuffix`."""
        return url_suffix(self.partition)

    @property
    def stack_id(self) -> str:
        """`AWS::StackId`."""
        return self.arn("cloudformation", f"stack/{self.name}/local")

    def arn(self, service: str, resource: str, *, regional: bool = True) -> str:
        """`arn:{partition}:{service}:{region}:{account}:{resource}`."""
        region = self.region if regional else ""
        return f"arn:{self.partition}:{service}:{region}:{self.account_id}:{resource}"

    def pseudo_parameters(self) -> dict[str, Json]:
        """Every pseudo parameter but `AWS::NoValue` (pseudo-parameter-reference)."""
        return {
            "AWS::AccountId": self.account_id,
            "AWS::NotificationARNs": [],
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::StackId": self.stack_id,
            "AWS::StackName": self.name,
            "AWS::URLSuffix": self.url_suffix,
        }

    def nested(self, logical_id: str) -> "Stack":
        """A stack that is nested in this one, with a name of the form that CloudFormation gives."""
        ending = self.physical_id(logical_id, 12).upper()
        return replace(self, name=f"{self.name}-{logical_id}-{ending}")

    def physical_id(self, logical_id: str, length: int = _API_ID_LENGTH) -> str:
        """`length` lower-case letters and digits, the form of an API id."""
        digest = hashlib.sha256(f"{self.name}/{logical_id}".encode()).digest()
        number = int.from_bytes(digest)
        characters = []
        for _ in range(length):
            number, remainder = divmod(number, len(_ALPHABET))
            characters.append(_ALPHABET[remainder])
        return "".join(characters)

    def physical_name(self, logical_id: str) -> str:
        """The name of a resource that the template does not name: `{stack}-{logical id}`.

        A name longer than 64 characters is cut and ends in an id, so that it stays unique.
        """
        name = f"{self.name}-{logical_id.rpartition('/')[2]}"
        if len(name) <= _LONGEST_NAME:
            return name
        return f"{name[: _LONGEST_NAME - 13]}-{self.physical_id(logical_id, 12)}"

    def api_host(self, api_id: str) -> str:
        """The host name that an API has on AWS."""
        return f"{api_id}.execute-api.{self.region}.{self.url_suffix}"
