import {
  ApiGatewayManagementApiClient,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import { add, members, remove } from "/opt/nodejs/storage.mjs";

export const join = async ({ requestContext: { authorizer, connectionId } }) => {
  await add(authorizer.room, connectionId);
  return { statusCode: 200 };
};

export const leave = async ({ requestContext: { authorizer, connectionId } }) => {
  await remove(authorizer.room, connectionId);
  return { statusCode: 200 };
};

export const say = async ({ body, requestContext: { authorizer, domainName, stage } }) => {
  const api = new ApiGatewayManagementApiClient({ endpoint: `https://${domainName}/${stage}` });
  const text = `${authorizer.user}: ${JSON.parse(body).text}`;
  const posts = (await members(authorizer.room)).map((id) =>
    api.send(new PostToConnectionCommand({ ConnectionId: id, Data: text })),
  );
  await Promise.allSettled(posts);
  console.info("sent to", posts.length);
  return { statusCode: 200 };
};
