"""Creates Cognito resources call by call: moto's CloudFormation does not know them.

CloudFormation's properties have the names of the API's parameters, except for those below.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from local_gateway.template.json_value import JsonObject

_RENAMED = {"UserPoolName": "PoolName"}
# Known to CloudFormation, without a counterpart in the API's create call.
_DROPPED = frozenset({"EnabledMfas", "WebAuthnRelyingPartyID", "WebAuthnUserVerification"})

type Attributes = Mapping[str, str]


class CognitoResources:
    """Creates pools, clients and groups with one `cognito-idp` client."""

    def __init__(self, client: Any, region: str) -> None:
        self._client = client
        self._region = region

    def create(
        self, resource_type: str, name: str, properties: JsonObject
    ) -> tuple[str, Attributes]:
        """Create a resource; answers `Ref` and the values of `Fn::GetAtt`.

        `name` is used when the properties give none. Raises `botocore` errors as they are.
        """
        parameters = dict(_parameters(properties))
        match resource_type:
            case "AWS::Cognito::UserPool":
                return self._user_pool(name, parameters)
            case "AWS::Cognito::UserPoolClient":
                return self._user_pool_client(name, parameters)
        return self._group(name, parameters)

    def _user_pool(self, name: str, parameters: dict[str, Any]) -> tuple[str, Attributes]:
        parameters.setdefault("PoolName", name)
        tags = parameters.pop("UserPoolTags", None)
        if tags:
            parameters["UserPoolTags"] = tags
        pool = self._client.create_user_pool(**parameters)["UserPool"]
        provider = f"cognito-idp.{self._region}.amazonaws.com/{pool['Id']}"
        return pool["Id"], {
            "Arn": pool["Arn"],
            "ProviderName": provider,
            "ProviderURL": f"https://{provider}",
            "UserPoolId": pool["Id"],
        }

    def _user_pool_client(self, name: str, parameters: dict[str, Any]) -> tuple[str, Attributes]:
        parameters.setdefault("ClientName", name)
        client = self._client.create_user_pool_client(**parameters)["UserPoolClient"]
        attributes = {"ClientId": client["ClientId"], "Name": client["ClientName"]}
        if "ClientSecret" in client:
            attributes["ClientSecret"] = client["ClientSecret"]
        return client["ClientId"], attributes

    def _group(self, name: str, parameters: dict[str, Any]) -> tuple[str, Attributes]:
        parameters.setdefault("GroupName", name)
        group = self._client.create_group(**parameters)["Group"]
        return group["GroupName"], {}


def _parameters(properties: JsonObject) -> Iterator[tuple[str, Any]]:
    for name, value in properties.items():
        if name not in _DROPPED:
            yield _RENAMED.get(name, name), value
