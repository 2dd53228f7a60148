// Sends a message back to its sender, as most handlers in Node.js do: with a client of SDK v3.

import {
  ApiGatewayManagementApiClient,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";

const client = new ApiGatewayManagementApiClient({ endpoint: process.env.MANAGEMENT_API_ENDPOINT });

export async function lambda_handler(event) {
  const { connectionId } = event.requestContext;
  await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: event.body }));
  return { statusCode: 200 };
}
