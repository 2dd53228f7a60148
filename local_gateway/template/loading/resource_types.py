"""The resource types that the gateway serves, creates in moto, or leaves out without harm.

Everything else is refused when the template is read: a template that seems to run and does not
is worse than one that stops.
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
_NOT_YET: Mapping[str, str] = {
    "AWS::CloudFormation::CustomResource": "custom resources are not run",
    "AWS::IoT::TopicRule": "IoT rules are not served",
    "AWS::Logs::SubscriptionFilter": "log subscriptions are not served",
    "AWS::Lambda::Url": "function URLs are not served; use AWS::Serverless::HttpApi",
    "AWS::Serverless::GraphQLApi": "GraphQL APIs are not served",
}
# Types of SAM that become what is not served.
NOT_SERVED_OF_SAM = frozenset(name for name in _NOT_YET if name.startswith("AWS::Serverless::"))
# The type that a resource gets which is left out: it needs no property and does nothing.
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


class Treatment(Enum):
    """How the gateway treats a resource."""

    SERVED = "served by the gateway itself"
    DATA = "created in moto"
    LEFT_OUT = "without effect on a laptop"
    REFUSED = "not served"


def treatment(resource_type: str) -> Treatment:
    """The treatment of a resource type; unknown types are refused."""
    if resource_type in SERVED:
        return Treatment.SERVED
    if resource_type in DATA:
        return Treatment.DATA
    if resource_type in _NOT_YET:
        return Treatment.REFUSED
    if resource_type in _LEFT_OUT or resource_type.startswith(_LEFT_OUT_SERVICES):
        return Treatment.LEFT_OUT
    return Treatment.REFUSED


def is_named_as_not_served(resource_type: str) -> bool:
    """Whether the refusal of a type says what it stands for."""
    return resource_type in _NOT_YET


def refusal(resource_type: str) -> tuple[str, str]:
    """Cause and remedy for a resource type that is not served."""
    if (reason := _NOT_YET.get(resource_type)) is not None:
        return f"{resource_type}: {reason}", REMOVE
    if resource_type.startswith("Custom::"):
        return f"{resource_type}: custom resources are not run", REMOVE
    # A type whose name is much longer or shorter is not a typing error, but another type.
    similar = {
        name
        for name in SERVED | DATA | _LEFT_OUT
        if abs(len(name) - len(resource_type)) <= _LONGEST_TYPO
    }
    suggestion = did_you_mean(resource_type, similar, likeness=0.85)
    return f"the type {resource_type} is not supported", suggestion or REMOVE
