const AWS = require("aws-sdk");

const { TABLE_NAME } = process.env;
const table = new AWS.DynamoDB.DocumentClient({ apiVersion: "2012-08-10" });

exports.handler = async (event) => {
  const connections = await table.scan({ TableName: TABLE_NAME, ProjectionExpression: "connectionId" }).promise();
  const api = new AWS.ApiGatewayManagementApi({
    apiVersion: "2018-11-29",
    endpoint: event.requestContext.domainName + "/" + event.requestContext.stage,
  });
  const { data } = JSON.parse(event.body);
  const posts = connections.Items.map(async ({ connectionId }) => {
    try {
      await api.postToConnection({ ConnectionId: connectionId, Data: data }).promise();
    } catch (error) {
      if (error.statusCode !== 410) throw error;
      console.log(`Found stale connection, deleting ${connectionId}`);
      await table.delete({ TableName: TABLE_NAME, Key: { connectionId } }).promise();
    }
  });
  await Promise.all(posts);
  return { statusCode: 200, body: "Data sent." };
};
