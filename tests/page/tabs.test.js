// @ts-check
/** News between the tabs of a browser. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Tabs } from "../../functions/api/static/tabs.js";

/** @typedef {import("../../functions/api/static/tabs.js").TabNews} TabNews */

test("a tab hears of the others' logins and logouts, and not of its own", async () => {
  /** @type {TabNews[]} */ const heard = [];
  /** @type {TabNews[]} */ const echoed = [];
  const old = new BroadcastChannel("sapa-login");
  const first = new Tabs((news) => echoed.push(news));
  await new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
    const second = new Tabs((news) => {
      heard.push(news);
      if (heard.length === 2) resolve(second.close());
    });
    for (const strange of [null, "x", { type: "logged_in" }, { type: "other", username: "ana" }]) {
      old.postMessage(strange);
    }
    first.announce({ type: "logged_in", username: "ana" });
    first.announce({ type: "logged_out", username: "ana" });
  });
  first.close();
  old.close();
  assert.deepEqual(heard.map(({ type }) => type), ["logged_in", "logged_out"]);
  assert.deepEqual(echoed, []);
});
