// @ts-check
/** From the address to the endpoint. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { addressOf, endpointIn } from "../../functions/api/static/addresses.js";

const ENDPOINTS = [{ name: "chat" }, { name: "reply" }, { name: "a b" }];

/** @param {string} hash */
function opened(hash) {
  const { endpoint, missing } = endpointIn(hash, ENDPOINTS, "reply");
  return [endpoint?.name, missing];
}

test("the address names an endpoint, also in capitals or half encoded", () => {
  assert.deepEqual(opened("#chat"), ["chat", null]);
  assert.deepEqual(opened("#Chat"), ["chat", null]);
  assert.deepEqual(opened(addressOf("a b")), ["a b", null]);
  assert.deepEqual(opened("#a b"), ["a b", null]);
});

test("without a name the default endpoint is opened", () => {
  assert.deepEqual(opened(""), ["reply", null]);
  assert.deepEqual(opened("#"), ["reply", null]);
});

test("a name that is no endpoint's is reported", () => {
  assert.deepEqual(opened("#tidakada"), ["reply", "tidakada"]);
  assert.deepEqual(opened("#%"), ["reply", "%"]);
  assert.deepEqual(opened("#constructor"), ["reply", "constructor"]);
});

test("without the default endpoint the first one is opened, if there is any", () => {
  assert.deepEqual(endpointIn("", [{ name: "chat" }], "reply"), { endpoint: { name: "chat" }, missing: null });
  assert.deepEqual(endpointIn("#chat", [], "reply"), { endpoint: undefined, missing: "chat" });
});
