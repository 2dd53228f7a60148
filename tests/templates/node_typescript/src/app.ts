import { ApiGatewayManagementApiClient, PostToConnectionCommand } from "@aws-sdk/client-apigatewaymanagementapi";
import { answer, type Message } from "./answers";

interface SocketEvent {
  body: string;
  requestContext: { connectionId: string; domainName: string; routeKey: string; stage: string };
}

export const lambdaHandler = async ({ body, requestContext }: SocketEvent) => {
  const { connectionId, domainName, routeKey, stage } = requestContext;
  if (routeKey === "$connect") return { statusCode: 200 };
  const api = new ApiGatewayManagementApiClient({ endpoint: `https://${domainName}/${stage}` });
  const Data = answer(JSON.parse(body) as Message);
  await api.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data }));
  return { statusCode: 200 };
};
