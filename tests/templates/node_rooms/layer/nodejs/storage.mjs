import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DeleteCommand, DynamoDBDocumentClient, PutCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";

const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const TableName = process.env.ROOMS_TABLE;

export const add = (room, id) => client.send(new PutCommand({ TableName, Item: { room, id } }));

export const remove = (room, id) => client.send(new DeleteCommand({ TableName, Key: { room, id } }));

export async function members(room) {
  const { Items } = await client.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: "room = :room",
      ExpressionAttributeValues: { ":room": room },
    }),
  );
  return Items.map(({ id }) => id);
}
