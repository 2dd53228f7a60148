"""Creates DynamoDB tables: CloudFormation's properties are the API's parameters."""

from typing import Any

from local_gateway.aws_services.creation import Created, Creation

_PARAMETERS = (
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
    "Tags",
)


def create_table(client: Any, creation: Creation) -> Created:
    """Create a table with its indexes, stream and time to live.

    Encryption, backups and capacity settings are left out: they change nothing a function sees.
    """
    properties = creation.properties
    parameters: dict[str, Any] = {
        name: properties[name] for name in _PARAMETERS if name in properties
    }
    stream = properties.get("StreamSpecification")
    if isinstance(stream, dict):
        # The API wants the flag that CloudFormation implies.
        parameters["StreamSpecification"] = {
            "StreamEnabled": True,
            "StreamViewType": stream.get("StreamViewType", "NEW_AND_OLD_IMAGES"),
        }
    name = properties.get("TableName", creation.name)
    table = client.create_table(TableName=name, **parameters)["TableDescription"]
    if "TimeToLiveSpecification" in properties:
        client.update_time_to_live(
            TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"]
        )
    attributes = {"Arn": table["TableArn"]}
    if "LatestStreamArn" in table:
        attributes["StreamArn"] = table["LatestStreamArn"]
    return Created(table["TableName"], attributes)
