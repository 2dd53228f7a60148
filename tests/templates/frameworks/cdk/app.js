const { App, RemovalPolicy, Stack } = require("aws-cdk-lib");
const { HttpApi, HttpMethod, WebSocketApi, WebSocketStage } = require("aws-cdk-lib/aws-apigatewayv2");
const { WebSocketLambdaAuthorizer } = require("aws-cdk-lib/aws-apigatewayv2-authorizers");
const {
  HttpLambdaIntegration,
  WebSocketLambdaIntegration,
} = require("aws-cdk-lib/aws-apigatewayv2-integrations");
const { AttributeType, BillingMode, Table } = require("aws-cdk-lib/aws-dynamodb");
const { Code, Function, Runtime } = require("aws-cdk-lib/aws-lambda");

class ChatStack extends Stack {
  constructor(scope, id) {
    super(scope, id);
    const connections = new Table(this, "Connections", {
      partitionKey: { name: "id", type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const code = Code.fromAsset("functions");
    const handler = (name) => {
      const made = new Function(this, name, {
        runtime: Runtime.PYTHON_3_13,
        handler: `handler.${name}`,
        code,
        environment: { TABLE_NAME: connections.tableName },
      });
      connections.grantReadWriteData(made);
      return made;
    };
    const route = (name) => ({
      integration: new WebSocketLambdaIntegration(`${name}Integration`, handler(name)),
    });
    const authorizer = new WebSocketLambdaAuthorizer("Authorizer", handler("authorize"), {
      identitySource: ["route.request.querystring.name"],
    });
    const message = handler("message");
    const api = new WebSocketApi(this, "Api", {
      connectRouteOptions: { ...route("connect"), authorizer },
      disconnectRouteOptions: route("disconnect"),
      defaultRouteOptions: {
        integration: new WebSocketLambdaIntegration("defaultIntegration", message),
      },
    });
    new WebSocketStage(this, "Stage", {
      webSocketApi: api,
      stageName: "prod",
      autoDeploy: true,
    });
    api.grantManageConnections(message);
    new HttpApi(this, "Http").addRoutes({
      path: "/count",
      methods: [HttpMethod.GET],
      integration: new HttpLambdaIntegration("countIntegration", handler("count")),
    });
  }
}

new ChatStack(new App(), "Chat");
