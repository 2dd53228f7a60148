"""A template whose data resources exist: `Ref`, `Fn::GetAtt` and properties have values.

Data resources answer with values from moto, all others with values that are derived from the stack
and the logical id (CloudFormation user guide, "Return values" of each resource type).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from local_gateway.template.document.errors import Place, TemplateError, did_you_mean
from local_gateway.template.document.problems import NotServedError, Problems
from local_gateway.template.document.source import Json, JsonObject
from local_gateway.template.intrinsics.resolver import Resolver
from local_gateway.template.loading.resource_types import DATA, SERVED
from local_gateway.template.loading.template import Resource, ResourceValues, Template
from local_gateway.template.readers.properties import Properties

_NAME_PROPERTY = {
    "AWS::ApiGateway::Model": "Name",
    "AWS::ApiGateway::Stage": "StageName",
    "AWS::ApiGatewayV2::DomainName": "DomainName",
    "AWS::ApiGatewayV2::Stage": "StageName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Lambda::LayerVersion": "LayerName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SSM::Parameter": "Name",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::Scheduler::ScheduleGroup": "Name",
}
_ARN = {
    "AWS::CloudFront::Distribution": ("cloudfront", "distribution/{}", False),
    "AWS::CloudFront::Function": ("cloudfront", "function/{}", False),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "alarm:{}", True),
    "AWS::IAM::ManagedPolicy": ("iam", "policy/{}", False),
    "AWS::IAM::Role": ("iam", "role/{}", False),
    "AWS::Lambda::Function": ("lambda", "function:{}", True),
    "AWS::Logs::LogGroup": ("logs", "log-group:{}:*", True),
    "AWS::ApiGateway::RestApi": ("apigateway", "/restapis/{}", True),
    "AWS::Cognito::UserPool": ("cognito-idp", "userpool/{}", True),
    "AWS::DynamoDB::Table": ("dynamodb", "table/{}", True),
    "AWS::ECS::Cluster": ("ecs", "cluster/{}", True),
    "AWS::IoT::TopicRule": ("iot", "rule/{}", True),
    "AWS::Kinesis::Stream": ("kinesis", "stream/{}", True),
    "AWS::KinesisFirehose::DeliveryStream": ("firehose", "deliverystream/{}", True),
    "AWS::OpenSearchService::Domain": ("es", "domain/{}", True),
    "AWS::RDS::DBCluster": ("rds", "cluster:{}", True),
    "AWS::RDS::DBInstance": ("rds", "db:{}", True),
    "AWS::SSM::Parameter": ("ssm", "parameter/{}", True),
    "AWS::SecretsManager::Secret": ("secretsmanager", "secret:{}", True),
    "AWS::StepFunctions::Activity": ("states", "activity:{}", True),
    "AWS::StepFunctions::StateMachine": ("states", "stateMachine:{}", True),
    "AWS::Scheduler::Schedule": ("scheduler", "schedule/default/{}", True),
    "AWS::Scheduler::ScheduleGroup": ("scheduler", "schedule-group/{}", True),
}
# Attributes that exist only with a certain property.
_NEEDED_FOR = {
    ("AWS::Cognito::UserPoolClient", "ClientSecret"): "set GenerateSecret: true",
    ("AWS::DynamoDB::Table", "StreamArn"): "set StreamSpecification",
}
_REF_IS_ARN = frozenset(
    {
        "AWS::IAM::ManagedPolicy",
        "AWS::Lambda::LayerVersion",
        "AWS::SNS::Topic",
        "AWS::SecretsManager::Secret",
        "AWS::StepFunctions::StateMachine",
    }
)
_API_GATEWAY = ("AWS::ApiGateway::", "AWS::ApiGatewayV2::")


class ResolvedTemplate:
    """Yields resolved properties, and is the `References` of their resolver.

    `problems` takes what readers find.
    Raises `TemplateError` for names that depend on each other.
    """

    def __init__(
        self, template: Template, values: ResourceValues, problems: Problems | None = None
    ) -> None:
        self.problems = Problems() if problems is None else problems
        self._template = template
        self._values = values
        self.stack = template.stack
        self._open: list[str] = []
        self.resolver: Resolver = replace(
            template.resolver(self), dynamic=replace(values.dynamic, report=self.problems.add)
        )

    def of_type(self, resource_type: str) -> Iterator[Properties]:
        """The properties of each resource of a type, in the template's order."""
        return map(self.properties, self._template.of_type(resource_type))

    def left_out_of_type(self, resource_type: str) -> Iterator[Properties]:
        """The properties of each resource of a type that is left out."""
        resources = self._template.resources.values()
        return (
            self.properties(item)
            for item in resources
            if item.type == resource_type and item.left_out
        )

    def properties(self, resource: Resource) -> Properties:
        """The properties of a resource."""
        return Properties(resource.source, resource.logical_id, resource.properties, self.resolver)

    def metadata_of(self, resource: Properties) -> JsonObject:
        """The `Metadata` of the resource with these properties, as it is written."""
        return self._template.resources[resource.logical_id].metadata

    def ref_of(self, resource: Properties) -> str:
        """The value of `Ref` to the resource with these properties."""
        return str(self.ref(resource.logical_id, resource.place()))

    def arn_of(self, resource: Properties) -> str:
        """The ARN of the resource with these properties."""
        return str(self.attribute(resource.logical_id, "Arn", resource.place()))

    def ref(self, logical_id: str, place: Place) -> Json:
        """The physical id: from moto, or derived from the stack's name."""
        resource = self._resource(logical_id, place)
        if self._is_in_moto(resource):
            if logical_id not in self._values.refs:
                raise TemplateError(place, f"{logical_id} does not exist yet")
            return self._values.refs[logical_id]
        if resource.type in _REF_IS_ARN:
            return self._arn(resource)
        if resource.type == "AWS::SQS::Queue":
            return self._queue_url(resource)
        if resource.type in ("AWS::Lambda::Version", "AWS::Lambda::Alias"):
            return self._qualified_arn(resource)
        if resource.type.startswith("AWS::CloudFront::"):
            return resource.stack.physical_id(logical_id, 14).upper()
        if resource.type.startswith(_API_GATEWAY) and resource.type not in _NAME_PROPERTY:
            return resource.stack.physical_id(logical_id)
        return self._name(resource)

    def attribute(self, logical_id: str, name: str, place: Place) -> Json:
        """An attribute: from moto, derived for the type, or invented for what is left out."""
        resource = self._resource(logical_id, place)
        if self._is_in_moto(resource):
            return self._data_attribute(resource, name, place)
        if (derive := _ATTRIBUTES.get((resource.type, name))) is not None:
            return derive(self, resource)
        is_served = resource.type in SERVED and not resource.left_out
        if name == "Arn" or (name.lower().endswith("arn") and not is_served):
            suffix = "/stream/2000-01-01T00:00:00.000" if name == "StreamArn" else ""
            return f"{self._arn(resource)}{suffix}"
        if is_served:
            return self._served_attribute(resource, name, place)
        return f"{resource.stack.physical_id(logical_id)}-{name.lower()}"

    def imported(self, name: str, place: Place) -> Json:
        """The name itself, with a warning: the stack that exports the value is not here."""
        self.problems.add(
            NotServedError(
                place,
                f"Fn::ImportValue: {name} is exported by another stack, which is not here",
                "its name is used; to give a value, take it from a parameter",
            )
        )
        return name

    def _is_in_moto(self, resource: Resource) -> bool:
        is_data = resource.type in DATA and not resource.left_out
        return is_data and resource.logical_id not in self._values.failed

    def _data_attribute(self, resource: Resource, name: str, place: Place) -> Json:
        logical_id = resource.logical_id
        if (logical_id, name) in self._values.attributes:
            return self._values.attributes[logical_id, name]
        names = sorted(key for owner, key in self._values.attributes if owner == logical_id)
        remedy = _NEEDED_FOR.get((resource.type, name)) or did_you_mean(name, names)
        remedy = remedy or (f"expected one of {', '.join(names)}" if names else "use Ref")
        raise TemplateError(place, f"{logical_id} has no attribute {name} here", remedy)

    def _resource(self, logical_id: str, place: Place) -> Resource:
        if (resource := self._template.resources.get(logical_id)) is not None:
            return resource
        raise TemplateError(
            place,
            f"{logical_id} does not exist: its condition is false or it is not in the template",
            "put the reference into Fn::If with the same condition",
        )

    def _served_attribute(self, resource: Resource, name: str, place: Place) -> Json:
        """`ApiId`, `RouteId`, `IntegrationId`, … are what `Ref` answers."""
        kind = resource.type.rpartition("::")[2]
        if name in (f"{kind}Id", "APIKeyId" if kind == "ApiKey" else "Id"):
            return self.ref(resource.logical_id, place)
        raise TemplateError(place, f"{resource.type} has no attribute {name}")

    def _name(self, resource: Resource) -> str:
        key = _NAME_PROPERTY.get(resource.type)
        if key is None or key not in resource.properties or resource.left_out:
            return resource.stack.physical_name(resource.logical_id)
        return self._property(resource, key)

    def _property(self, resource: Resource, key: str) -> str:
        place = self._template.place(resource, key)
        if resource.logical_id in self._open:
            raise self._circle(resource)
        self._open.append(resource.logical_id)
        try:
            value = self.resolver.resolve(resource.properties.get(key), place)
        finally:
            self._open.pop()
        if not isinstance(value, str) or not value:
            raise TemplateError(place, "is missing or is not text")
        return value

    def _circle(self, resource: Resource) -> TemplateError:
        """The error, which is the same wherever the circle is entered."""
        circle = self._open[self._open.index(resource.logical_id) :]
        first = next(name for name in self._template.resources if name in circle)
        start = circle.index(first)
        chain = " → ".join([*circle[start:], *circle[:start], first])
        owner = self._template.resources[first]
        place = self._template.place(owner, _NAME_PROPERTY.get(owner.type, "FunctionName"))
        return TemplateError(place, f"the resources depend on each other: {chain}")

    def _arn(self, resource: Resource) -> str:
        if resource.type == "AWS::Lambda::LayerVersion":
            return self._layer_version_arn(resource)
        if resource.type == "AWS::S3::Bucket":
            return f"arn:{resource.stack.partition}:s3:::{self._name(resource)}"
        service, pattern, regional = _ARN.get(
            resource.type, (resource.type.split("::")[1].lower(), "{}", True)
        )
        return resource.stack.arn(service, pattern.format(self._name(resource)), regional=regional)

    def _layer_version_arn(self, resource: Resource) -> str:
        """SAM names layers by the logical id alone; those of the same name get other versions."""
        name = self._name(resource)
        layers = self._template.of_type(resource.type)
        versions = [layer.logical_id for layer in layers if self._name(layer) == name]
        version = versions.index(resource.logical_id) + 1
        return resource.stack.arn("lambda", f"layer:{name}:{version}")

    def _qualified_arn(self, resource: Resource) -> str:
        if resource.left_out:
            return resource.stack.arn("lambda", f"function:{self._name(resource)}:1")
        function = self._property(resource, "FunctionName")
        if not function.startswith("arn:"):
            function = resource.stack.arn("lambda", f"function:{function}")
        is_alias = resource.type == "AWS::Lambda::Alias"
        return f"{function}:{self._property(resource, 'Name') if is_alias else '1'}"

    def _api_endpoint(self, resource: Resource) -> str:
        place = self._template.place(resource, "ProtocolType")
        protocol = self.resolver.resolve(resource.properties.get("ProtocolType"), place)
        scheme = "wss" if protocol == "WEBSOCKET" else "https"
        api_id = resource.stack.physical_id(resource.logical_id)
        return f"{scheme}://{resource.stack.api_host(api_id)}"

    def _root_resource_id(self, resource: Resource) -> str:
        return resource.stack.physical_id(f"{resource.logical_id}/")

    def _distribution_domain(self, resource: Resource) -> str:
        return f"d{resource.stack.physical_id(resource.logical_id, 13)}.cloudfront.net"

    def _queue_url(self, resource: Resource) -> str:
        stack = resource.stack
        path = f"{stack.account_id}/{self._name(resource)}"
        return f"https://sqs.{stack.region}.{stack.url_suffix}/{path}"

    def _function_url(self, resource: Resource) -> str:
        url_id = resource.stack.physical_id(resource.logical_id, 32)
        return f"https://{url_id}.lambda-url.{resource.stack.region}.on.aws/"

    def _version_number(self, resource: Resource) -> str:
        return "1"


_ATTRIBUTES: Mapping[tuple[str, str], Callable[[ResolvedTemplate, Resource], str]] = {
    ("AWS::ApiGateway::RestApi", "RootResourceId"): ResolvedTemplate._root_resource_id,
    ("AWS::ApiGatewayV2::Api", "ApiEndpoint"): ResolvedTemplate._api_endpoint,
    ("AWS::CloudFront::Distribution", "DomainName"): ResolvedTemplate._distribution_domain,
    ("AWS::Lambda::Alias", "AliasArn"): ResolvedTemplate._qualified_arn,
    ("AWS::Lambda::Url", "FunctionUrl"): ResolvedTemplate._function_url,
    ("AWS::SQS::Queue", "QueueName"): ResolvedTemplate._name,
    ("AWS::SQS::Queue", "QueueUrl"): ResolvedTemplate._queue_url,
    ("AWS::Lambda::Version", "FunctionArn"): ResolvedTemplate._qualified_arn,
    ("AWS::Lambda::Version", "Version"): ResolvedTemplate._version_number,
}
