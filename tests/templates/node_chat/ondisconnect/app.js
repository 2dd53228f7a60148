const AWS = require("aws-sdk");
AWS.config.update({ region: process.env.AWS_REGION });
const dynamo = new AWS.DynamoDB({ apiVersion: "2012-08-10" });

exports.handler = function (event, context, callback) {
  const parameters = {
    TableName: process.env.TABLE_NAME,
    Key: { connectionId: { S: event.requestContext.connectionId } },
  };
  dynamo.deleteItem(parameters, (error) => {
    callback(null, { statusCode: error ? 500 : 200, body: error ? "Failed" : "Disconnected." });
  });
};
