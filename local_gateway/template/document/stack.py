"""The stack a template is read as: what the pseudo parameters answer."""

from dataclasses import dataclass

from local_gateway.template.document.json_value import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Name, account, region and partition of the stack that the gateway pretends to be."""

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
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def arn(self, service: str, resource: str, *, regional: bool = True) -> str:
        """`arn:{partition}:{service}:{region}:{account}:{resource}`."""
        region = self.region if regional else ""
        return f"arn:{self.partition}:{service}:{region}:{self.account_id}:{resource}"

    @property
    def stack_id(self) -> str:
        """`AWS::StackId`."""
        return self.arn("cloudformation", f"stack/{self.name}/local")

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
