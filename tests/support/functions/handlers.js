"use strict";
/** `handlers.py` in JavaScript: the same functions, so that the same tests hold for both. */

const net = require("node:net");

/** Allow or refuse by the query string's `token`. */
exports.authorize = async (event) => {
  printEvent("authorize", event);
  const { token = "allow" } = event.queryStringParameters;
  if (token === "Unauthorized" || token === "trouble") throw new Error(token);
  if (token === "hang") await hold(event.queryStringParameters);
  if (token === "shapeless") return { statusCode: 401 };
  const statement = {
    Action: "execute-api:Invoke",
    Effect: token === "deny" ? "Deny" : "Allow",
    Resource: event.methodArn,
  };
  return {
    principalId: "ada",
    policyDocument: { Version: "2012-10-17", Statement: [statement] },
    context: { level: 3, isAdmin: true, team: "blue" },
  };
};

/** Accept, refuse or fail by the query string's `do`. */
exports.connect = async (event) => {
  printEvent("connect", event);
  const query = event.queryStringParameters ?? {};
  if (query.do === "raise") throw new TypeError("secret details");
  if (query.do === "hold") await hold(query);
  if (query.do === "forget") return undefined;
  const headers = {
    "Sec-Websocket-Protocol": query.protocol,
    "Set-Cookie": "session=1",
    "X-Custom": "1",
  };
  return { statusCode: Number(query.status ?? 200), headers, body: "x" };
};

/** Print the event alone. */
exports.disconnect = async (event) => printEvent("disconnect", event);

/** Answer, fail or wait by the body's `do`. */
exports.message = async (event) => {
  printEvent("message", event);
  const body = parsed(event.body);
  if (body.do === "raise") throw new TypeError("secret details");
  if (body.do === "exit") process.exit(1);
  if (body.do === "hold") {
    await hold(body);
    printEvent("finished", { label: body.label });
  }
  const answers = {
    return: body.value ?? null,
    status: { statusCode: body.status ?? null, body: "no" },
    large: { statusCode: 200, body: "x".repeat(100_000) },
  };
  const text = [...event.body].slice(0, 100).join("");
  return body.do in answers ? answers[body.do] : { statusCode: 200, body: `answer to ${text}` };
};

/** Answer a request of an HTTP API by its path. */
exports.http = async (event) => {
  const path = event.rawPath.replace(/^\/v1/, "");
  if (path === "/cookies") {
    return { statusCode: 201, cookies: ["a=1; HttpOnly", "b=2"], headers: { "X-Custom": "1" } };
  }
  if (path === "/malformed") return { statusCode: 200, body: event };
  if (path === "/hold") await hold(event.queryStringParameters);
  return event;
};

/** Answer a request of a REST API by its path. */
exports.rest = async (event) => {
  const { path } = event;
  if (path === "/hold") await hold(event.queryStringParameters);
  if (path === "/raise") throw new TypeError("secret details");
  if (path === "/malformed") return { statusCode: 200, body: event };
  if (path === "/cookies") {
    const cookies = ["a=1; HttpOnly", "b=2; Secure"];
    return { statusCode: 201, multiValueHeaders: { "Set-Cookie": cookies } };
  }
  if (path === "/image") {
    const headers = { "Content-Type": "image/png" };
    return { statusCode: 200, headers, body: "aGk=", isBase64Encoded: true };
  }
  return { statusCode: 200, body: JSON.stringify(event) };
};

/** Allow or refuse by the token. */
exports.rest_authorize = async (event) => {
  printEvent("rest_authorize", event);
  const token = event.authorizationToken ?? event.headers.Authorization;
  if (token === "Unauthorized" || token === "trouble") throw new Error(token);
  return policy(event, token);
};

/** Allow or refuse by the token, in the form that the event's version asks for. */
exports.http_authorize = async (event) => {
  printEvent("http_authorize", event);
  const isSimple = event.version === "2.0";
  const token = isSimple ? event.identitySource[0] : event.identitySource;
  if (token === "Unauthorized" || token === "trouble") throw new Error(token);
  if (token === "shapeless") return { statusCode: 401 };
  if (isSimple) return { isAuthorized: token !== "deny", context: { level: 3 } };
  return policy(event, token);
};

function policy(event, token) {
  const Effect = token === "deny" ? "Deny" : "Allow";
  const statement = { Action: "execute-api:Invoke", Effect, Resource: event.methodArn };
  return {
    principalId: "ada",
    policyDocument: { Version: "2012-10-17", Statement: [statement] },
    context: { level: 3 },
  };
}

/** The body as an object, which is empty if it is none. */
function parsed(text) {
  try {
    const body = JSON.parse(text);
    return typeof body === "object" && body !== null && !Array.isArray(body) ? body : {};
  } catch {
    return {};
  }
}

/** Print a line that the tests read. */
function printEvent(what, content) {
  process.stdout.write(`PRINTED ${JSON.stringify({ what, pid: process.pid, content })}\n`);
}

/** Say `label` to the test at `gate` and wait until it lets go. */
function hold({ gate, label }) {
  return new Promise((resolve) => {
    const socket = net.connect(Number(gate), "127.0.0.1", () => socket.write(`${label}\n`));
    // The test lets go by closing the connection, which may also be an error here.
    socket.on("error", () => undefined).on("close", resolve).resume();
  });
}
