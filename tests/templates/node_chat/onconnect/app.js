const AWS = require("aws-sdk");

const table = new AWS.DynamoDB.DocumentClient({ apiVersion: "2012-08-10", region: process.env.AWS_REGION });

exports.handler = async (event) => {
  const { connectionId } = event.requestContext;
  try {
    await table.put({ TableName: process.env.TABLE_NAME, Item: { connectionId } }).promise();
  } catch (error) {
    return { statusCode: 500, body: "Not connected: " + JSON.stringify(error) };
  }
  return { statusCode: 200, body: "Connected." };
};
