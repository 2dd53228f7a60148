// @ts-check
/** What the page's address says of how soon sockets are closed. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { warpIn } from "../../functions/api/static/warp.js";

test("the address may say how many times sooner, up to a thousand", () => {
  assert.equal(warpIn(""), 1);
  assert.equal(warpIn("?warp=144"), 144);
  assert.equal(warpIn("?a=b&warp=1.5"), 1.5);
  assert.equal(warpIn("?warp=1000"), 1_000);
});

test("what makes no sense is reported in the console, and nothing is sooner", () => {
  const { warn } = console;
  /** @type {string[]} */ const reported = [];
  console.warn = (/** @type {string} */ text) => void reported.push(text);
  try {
    for (const text of ["", "fast", "0", "-1", "0.5", "1001", "Infinity", "NaN"]) {
      assert.equal(warpIn(`?warp=${text}`), 1, text);
    }
  } finally {
    console.warn = warn;
  }
  assert.equal(reported.length, 8);
  assert.ok(reported[1].includes("warp=fast") && reported[1].includes("from 1 to 1000"), reported[1]);
});
