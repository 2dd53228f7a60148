// @ts-check
/** What the page reads in the AsyncAPI document about an endpoint. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { sendOptionsFor } from "../../functions/api/static/endpoint_hints.js";
import { endpointsOf } from "../../functions/api/static/endpoints.js";

const TEXT = { type: "string" };
const SWITCH = { type: "boolean", default: false };
const PROTOCOL = { $id: { type: "integer" }, $once: TEXT };

/** @param {Record<string, unknown>} properties @param {string[]} required @param {Record<string, unknown>} [messages] */
function endpoint(properties, required, messages = {}) {
  const input = { payload: { properties: { ...properties, ...PROTOCOL }, required } };
  const [described] = endpointsOf({ channels: { it: { messages: { input, ...messages } } } });
  return described;
}

test("an endpoint streams if it accepts messages before it answers them", () => {
  assert.equal(endpoint({ message: TEXT }, ["message"]).streams, false);
  assert.equal(endpoint({ message: TEXT }, ["message"], { accepted: {} }).streams, true);
});

test("one required text is a chat, with switches beside it too", () => {
  assert.equal(endpoint({ message: TEXT }, ["message"]).isChat, true);
  assert.equal(endpoint({ message: TEXT, again: SWITCH }, ["message"]).isChat, true);
  assert.equal(endpoint({ message: TEXT, again: { type: "boolean" } }, ["message"]).isChat, false);
  assert.equal(endpoint({ message: TEXT, other: TEXT }, ["message", "other"]).isChat, false);
  assert.equal(endpoint({ message: TEXT, other: TEXT }, ["message"]).isChat, false);
  assert.equal(endpoint({ again: SWITCH }, []).isChat, false);
});

test("keys of the protocol are no fields", () => {
  assert.deepEqual(endpoint({ message: TEXT }, ["message"]).fields.map(({ name }) => name), ["message"]);
});

test("what nobody knows to be without effect is sent once", () => {
  assert.deepEqual(sendOptionsFor("reply"), { untilAnswered: true });
  for (const name of ["chat", "story", "mine"]) assert.deepEqual(sendOptionsFor(name), { once: true });
});
