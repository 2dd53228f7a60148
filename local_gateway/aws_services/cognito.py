"""Creates Cognito user pools, clients and groups: moto's CloudFormation does not know them.

CloudFormation's properties have the names of the API's parameters, except for `PoolName`.
"""

from typing import Any

from local_gateway.aws_services.creation import Created, Creation

# Known to CloudFormation, without a counterpart in the API's create call.
_DROPPED = frozenset({"EnabledMfas", "WebAuthnRelyingPartyID", "WebAuthnUserVerification"})


def create_user_pool(client: Any, creation: Creation) -> Created:
    """Create a user pool."""
    parameters = _parameters(creation)
    name = parameters.pop("UserPoolName", creation.name)
    pool = client.create_user_pool(PoolName=name, **parameters)["UserPool"]
    provider = f"cognito-idp.{creation.stack.region}.{creation.stack.url_suffix}/{pool['Id']}"
    return Created(
        pool["Id"],
        {
            "Arn": pool["Arn"],
            "ProviderName": provider,
            "ProviderURL": f"https://{provider}",
            "UserPoolId": pool["Id"],
        },
    )


def create_user_pool_client(client: Any, creation: Creation) -> Created:
    """Create a user pool's client; `ClientSecret` exists only with `GenerateSecret`."""
    parameters = {"ClientName": creation.name, **_parameters(creation)}
    made = client.create_user_pool_client(**parameters)["UserPoolClient"]
    attributes = {"ClientId": made["ClientId"], "Name": made["ClientName"]}
    if "ClientSecret" in made:
        attributes["ClientSecret"] = made["ClientSecret"]
    return Created(made["ClientId"], attributes)


def create_group(client: Any, creation: Creation) -> Created:
    """Create a group of a user pool."""
    parameters = {"GroupName": creation.name, **_parameters(creation)}
    return Created(client.create_group(**parameters)["Group"]["GroupName"])


def _parameters(creation: Creation) -> dict[str, Any]:
    return {name: value for name, value in creation.properties.items() if name not in _DROPPED}
