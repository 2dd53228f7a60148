"use strict";

/** A REQUEST authorizer: tokens are `user-of-room`. */
exports.authorize = (event, context, callback) => {
  const [user, room] = (event.queryStringParameters.token || "").split("-of-");
  if (!room) return callback("Unauthorized");
  const Effect = user === "mallory" ? "Deny" : "Allow";
  callback(null, {
    principalId: user,
    policyDocument: {
      Version: "2012-10-17",
      Statement: [{ Action: "execute-api:Invoke", Effect, Resource: event.methodArn }],
    },
    context: { user, room },
  });
};
