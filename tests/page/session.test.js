// @ts-check
/** What the page says of the server: no answer is one thing, an answer with an error another. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { asyncApiDocument, currentSession, login, logout } from "../../functions/api/static/session.js";

const NO_ANSWER = "No answer came. The server may not be running, or your network may be down.";
const CREDENTIALS = { username: "ana", password: "x" };
const CALLS = [currentSession, asyncApiDocument, logout, () => login(CREDENTIALS)];

/** The server answers like this. @param {number} status @param {string} body */
function answers(status, body = "{}") {
  globalThis.fetch = async () => new Response(status === 204 ? null : body, { status });
}

/** @param {() => Promise<unknown>} call @param {string} message @param {string} [name] */
async function fails(call, message, name = "UnavailableError") {
  await assert.rejects(call(), { name, message });
}

test("without an answer the network may be down", async () => {
  globalThis.fetch = async () => {
    throw new TypeError("Failed to fetch");
  };
  for (const call of CALLS) await fails(call, NO_ANSWER);
});

test("an answer with an error is the server's, whatever is asked", async () => {
  for (const status of [500, 502, 503, 504]) {
    answers(status, "<html>");
    for (const call of CALLS) {
      await fails(call, `The server answered with an error (${status}). The log has the cause.`);
    }
  }
});

test("a refusal is neither", async () => {
  answers(404);
  await fails(asyncApiDocument, "The server refused the request (404).");
  answers(429);
  await fails(asyncApiDocument, "Too many requests. Wait a minute, then try again.");
});

test("an answer that is not Sapa's is not an error of Sapa", async () => {
  answers(200, "<html>Welcome to the hotel</html>");
  const words = "The answer did not come from Sapa. Something between this page and the server replaced it.";
  for (const call of [currentSession, asyncApiDocument]) await fails(call, words);
});

test("who is not logged in has no session, and can still log out", async () => {
  answers(401, '{"error": {"code": "no_session", "message": "Log in first."}}');
  assert.equal(await currentSession(), null);
  assert.equal(await logout(), undefined);
  await fails(() => login(CREDENTIALS), "User name or password is wrong.", "LoginRefusedError");
});

test("a session is what the server says", async () => {
  answers(200, '{"username": "ana", "expires_at": 1}');
  assert.deepEqual(await currentSession(), { username: "ana", expires_at: 1 });
});
