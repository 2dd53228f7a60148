"""The properties of data resources that moto would silently pass over when they are misspelt."""

from collections.abc import Mapping

from local_gateway.template.document.errors import TemplateError, did_you_mean
from local_gateway.template.document.json_value import JsonObject
from local_gateway.template.document.source import Source

_KNOWN: Mapping[str, str] = {
    "AWS::DynamoDB::Table": (
        "AttributeDefinitions BillingMode ContributorInsightsSpecification "
        "DeletionProtectionEnabled GlobalSecondaryIndexes ImportSourceSpecification KeySchema "
        "KinesisStreamSpecification LocalSecondaryIndexes OnDemandThroughput "
        "PointInTimeRecoverySpecification ProvisionedThroughput ResourcePolicy SSESpecification "
        "StreamSpecification TableClass TableName Tags TimeToLiveSpecification WarmThroughput"
    ),
    "AWS::Events::EventBus": (
        "DeadLetterConfig Description EventSourceName KmsKeyIdentifier LogConfig Name Policy Tags"
    ),
    "AWS::Events::Rule": (
        "Description EventBusName EventPattern Name RoleArn ScheduleExpression State Tags Targets"
    ),
    "AWS::SQS::Queue": (
        "ContentBasedDeduplication DeduplicationScope DelaySeconds FifoQueue FifoThroughputLimit "
        "KmsDataKeyReusePeriodSeconds KmsMasterKeyId MaximumMessageSize MessageRetentionPeriod "
        "QueueName ReceiveMessageWaitTimeSeconds RedriveAllowPolicy RedrivePolicy "
        "SqsManagedSseEnabled Tags VisibilityTimeout"
    ),
}


def check_data_properties(
    source: Source, logical_id: str, resource_type: str, properties: JsonObject
) -> None:
    """Refuse a property that the type does not have; types without a list are passed over."""
    known = tuple(_KNOWN.get(resource_type, "").split())
    for name in properties if known else ():
        if name not in known:
            remedy = did_you_mean(name, known) or f"known: {', '.join(known)}"
            raise TemplateError(source.resource_place(logical_id, name), "unknown property", remedy)
