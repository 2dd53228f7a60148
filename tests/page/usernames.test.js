// @ts-check
/** User names in the names of channels. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { decodedUsername, encodedUsername } from "../../functions/api/static/live/usernames.js";

/** As in tests/unit/sapa/channels/test_channel.py. */
const NAMES = {
  ana: "ana",
  "a-b_c.d:e": "a-b_c.d:e",
  "ana@example.com": "ana/40/example.com",
  "a/40/b": "a/2f/40/2f/b",
  démo: "d/e9/mo",
  田: "/7530/",
  "👍": "/1f44d/",
  "": "",
};

test("a user's name is encoded as the server does it", () => {
  for (const [name, encoded] of Object.entries(NAMES)) {
    assert.equal(encodedUsername(name), encoded);
    assert.equal(decodedUsername(encoded), name);
  }
});

test("a text that is no encoded name stays as it is", () => {
  for (const text of ["a/b", "//", "/zz/", "/", "/ffffff/"]) assert.equal(decodedUsername(text), text);
});
