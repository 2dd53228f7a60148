"""The resource types that the gateway serves, creates in moto, or leaves out without a warning.

Everything else is left out with a warning, as long as something is left to serve. A type whose
name is misspelled is an error.
"""

from collections.abc import Mapping
from enum import Enum

from local_gateway.template.document.errors import did_you_mean

SERVED = frozenset(
    {
        "AWS::ApiGateway::ApiKey",
        "AWS::ApiGateway::Authorizer",
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGateway::GatewayResponse",
        "AWS::ApiGateway::Method",
        "AWS::ApiGateway::Model",
        "AWS::ApiGateway::RequestValidator",
        "AWS::ApiGateway::Resource",
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGateway::Stage",
        "AWS::ApiGateway::UsagePlan",
        "AWS::ApiGateway::UsagePlanKey",
        "AWS::ApiGatewayV2::Api",
        "AWS::ApiGatewayV2::Authorizer",
        "AWS::ApiGatewayV2::Deployment",
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::IntegrationResponse",
        "AWS::ApiGatewayV2::Model",
        "AWS::ApiGatewayV2::Route",
        "AWS::ApiGatewayV2::RouteResponse",
        "AWS::ApiGatewayV2::Stage",
        "AWS::CloudFormation::Stack",
        "AWS::Lambda::Alias",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Version",
        "AWS::Scheduler::Schedule",
        "AWS::Scheduler::ScheduleGroup",
    }
)
DATA = frozenset(
    {
        "AWS::Cognito::UserPool",
        "AWS::Cognito::UserPoolClient",
        "AWS::Cognito::UserPoolGroup",
        "AWS::DynamoDB::Table",
        "AWS::Events::EventBus",
        "AWS::Events::Rule",
        "AWS::KMS::Key",
        "AWS::Kinesis::Stream",
        "AWS::S3::Bucket",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::SSM::Parameter",
        "AWS::SecretsManager::Secret",
        "AWS::StepFunctions::Activity",
        "AWS::StepFunctions::StateMachine",
    }
)
_LEFT_OUT = frozenset(
    {
        "AWS::ApiGateway::Account",
        "AWS::ApiGateway::BasePathMapping",
        "AWS::ApiGateway::ClientCertificate",
        "AWS::ApiGateway::DocumentationPart",
        "AWS::ApiGateway::DocumentationVersion",
        "AWS::ApiGateway::DomainName",
        "AWS::CDK::Metadata",
        "AWS::ApiGatewayV2::ApiMapping",
        "AWS::ApiGatewayV2::DomainName",
        "AWS::CertificateManager::Certificate",
        "AWS::CloudFormation::WaitConditionHandle",
        "AWS::Cognito::UserPoolDomain",
        "AWS::EC2::EIP",
        "AWS::EC2::InternetGateway",
        "AWS::EC2::NatGateway",
        "AWS::EC2::Route",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::Subnet",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCEndpoint",
        "AWS::EC2::VPCGatewayAttachment",
        "AWS::Events::EventBusPolicy",
        "AWS::KMS::Alias",
        "AWS::Lambda::LayerVersionPermission",
        "AWS::Lambda::Permission",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::StepFunctions::StateMachineAlias",
        "AWS::StepFunctions::StateMachineVersion",
        "AWS::WAFv2::WebACL",
        "AWS::WAFv2::WebACLAssociation",
        "AWS::XRay::Group",
        # What the CDK and the Serverless Framework add of their own.
        "Custom::ApiGatewayAccountRole",
        "Custom::CDKBucketDeployment",
        "Custom::LogRetention",
        "Custom::S3AutoDeleteObjects",
        "Custom::VpcRestrictDefaultSG",
    }
)
_LEFT_OUT_SERVICES = (
    "AWS::ApplicationAutoScaling::",
    "AWS::ApplicationInsights::",
    "AWS::ApplicationSignals::",
    "AWS::Backup::",
    "AWS::Budgets::",
    "AWS::CE::",
    "AWS::Chatbot::",
    "AWS::CloudFront::",
    "AWS::CloudTrail::",
    "AWS::CloudWatch::",
    "AWS::CodeBuild::",
    "AWS::CodeDeploy::",
    "AWS::CodePipeline::",
    "AWS::CodeStarNotifications::",
    "AWS::Config::",
    "AWS::IAM::",
    "AWS::Logs::",
    "AWS::ResourceGroups::",
    "AWS::Route53::",
    "AWS::ServiceCatalogAppRegistry::",
    "AWS::Signer::",
    "AWS::Synthetics::",
    "AWS::WAFv2::",
)
_CUSTOM = "custom resources are not run; do with --on-ready what yours does"
_NOT_YET: Mapping[str, str] = {
    "AWS::AppSync::GraphQLApi": "GraphQL APIs are not served",
    "AWS::CloudFormation::CustomResource": _CUSTOM,
    "AWS::IoT::TopicRule": "IoT rules are not served",
    "AWS::Logs::SubscriptionFilter": "log subscriptions are not served",
    "AWS::Lambda::Url": "function URLs are not served; use AWS::Serverless::HttpApi",
    "AWS::Serverless::GraphQLApi": "GraphQL APIs are not served",
    "AWS::Cognito::UserPoolUser": (
        "users of user pools are not created; create them with --on-ready"
    ),
}
# Types of SAM that become what is not served.
NOT_SERVED_OF_SAM = frozenset(name for name in _NOT_YET if name.startswith("AWS::Serverless::"))
# What a resource of SAM becomes.
TYPES_OF_SAM: Mapping[str, str] = {
    "AWS::Serverless::Api": "AWS::ApiGateway::RestApi",
    "AWS::Serverless::Application": "AWS::CloudFormation::Stack",
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::GraphQLApi": "AWS::AppSync::GraphQLApi",
    "AWS::Serverless::HttpApi": "AWS::ApiGatewayV2::Api",
    "AWS::Serverless::LayerVersion": "AWS::Lambda::LayerVersion",
    "AWS::Serverless::SimpleTable": "AWS::DynamoDB::Table",
    "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
    "AWS::Serverless::WebSocketApi": "AWS::ApiGatewayV2::Api",
}
# The type that stands for a resource which the translator must not see: it needs no property.
INERT = "AWS::CloudFormation::WaitConditionHandle"

_LONGEST_TYPO = 2
REMOVE = "remove it or give the resource a Condition that is false here"
# By type: the property that can name a function, and what it is called.
WIRING: Mapping[str, tuple[str, str]] = {
    "AWS::Cognito::UserPool": ("LambdaConfig", "triggers"),
}


# By type: the property that names the code.
CODE_PROPERTIES: Mapping[str, str] = {
    "AWS::Lambda::Function": "Code",
    "AWS::Lambda::LayerVersion": "Content",
}
# By type: the property that names a file which the CDK sends to S3.
ASSET_PROPERTIES: Mapping[str, str] = {
    **CODE_PROPERTIES,
    "AWS::CloudFormation::Stack": "TemplateURL",
}


class Treatment(Enum):
    """How the gateway treats a resource."""

    SERVED = "served by the gateway itself"
    DATA = "created in moto"
    LEFT_OUT = "without effect on a laptop"
    NOT_SERVED = "not served"


def treatment(resource_type: str) -> Treatment:
    """The treatment of a resource type; unknown types are not served."""
    if resource_type in SERVED:
        return Treatment.SERVED
    if resource_type in DATA:
        return Treatment.DATA
    if resource_type in _NOT_YET:
        return Treatment.NOT_SERVED
    if resource_type in _LEFT_OUT or resource_type.startswith(_LEFT_OUT_SERVICES):
        return Treatment.LEFT_OUT
    return Treatment.NOT_SERVED


def is_named_as_not_served(resource_type: str) -> bool:
    """Whether the reason to leave out a type says what it stands for."""
    return resource_type in _NOT_YET


def misspelled(resource_type: str) -> str:
    """`did you mean X?` for a type that differs little from one that is served, else empty."""
    if resource_type in _NOT_YET:
        return ""
    # A type whose name is much longer or shorter is not a typing error, but another type.
    service = resource_type.rpartition("::")[0]
    similar = {
        name
        for name in SERVED | DATA | TYPES_OF_SAM.keys()
        if abs(len(name) - len(resource_type)) <= _LONGEST_TYPO
        and name.rpartition("::")[0] == service
    }
    return did_you_mean(resource_type, similar, likeness=0.85)


def why_not_served(resource_type: str) -> str:
    """Why a resource type is left out."""
    reason = _NOT_YET.get(resource_type)
    if resource_type.startswith("Custom::"):
        reason = _CUSTOM
    return f"{resource_type}: {reason}" if reason else f"the type {resource_type} is not served"
