// @ts-check
/** Messages that are kept until they are answered, and sent again: in order, across reloads, once. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Sapa } from "../../functions/api/static/sapa.js";
import { clearTab } from "../../functions/api/static/sapa/tab_state.js";
import { FakeBrowser, FakeStorage, settled } from "./fake_browser.js";

/** @typedef {import("./fake_browser.js").FakeSocket} FakeSocket */

const ONCE = { once: true };
const SESSION = { username: "ana", expires_at: 1 };

/** What was sent, but pings. @param {FakeSocket} socket */
function said(socket) {
  return socket.sent.flatMap(({ text }) => (text === undefined ? [] : text));
}

/** @param {FakeSocket} socket @param {number} [ms] */
function inProgress(socket, ms = 1_000) {
  socket.deliver({ error: { code: "in_progress", message: "…", retry_after_ms: ms }, $id: socket.last?.$id });
}

test("one message is on its way at a time, and the next follows its answer", () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  for (const $id of [1, 2, 3]) assert.equal(browser.sapa.send({ text: `${$id}`, $id }, ONCE), true);
  assert.deepEqual(said(socket), ["1"]);
  socket.deliver({ ok: true, $id: 1 });
  socket.deliver({ error: { code: "refused", message: "No." }, $id: 2 });
  assert.deepEqual(said(socket), ["1", "2", "3"]);
  socket.deliver({ ok: true, $id: 3 });
  assert.deepEqual(browser.sapa.outbox, []);
  assert.deepEqual(browser.reported.message.map(({ message }) => message?.$id), [1, 2, 3]);
  assert.equal(new Set(socket.sent.map(({ $once }) => $once)).size, 3, "each has a key of its own");
});

test("a slow answer holds up the others for 5 s only", async () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  browser.answersPings = true;
  for (const $id of [1, 2]) browser.sapa.send({ text: `${$id}`, $id }, ONCE);
  await browser.clock.pass(4_999);
  assert.deepEqual(said(socket), ["1"]);
  await browser.clock.pass(1);
  assert.deepEqual(said(socket), ["1", "2"]);
});

test("what has no answer is sent again on the next socket, in order, under the same key", async () => {
  const browser = new FakeBrowser();
  browser.sapa.send({ text: "before", $id: 0 }, ONCE);
  const first = browser.connected();
  browser.sapa.send({ text: "one", $id: 1 }, ONCE);
  first.cut();
  browser.sapa.send({ text: "two", $id: 2 }, ONCE);
  const second = await browser.reconnected();
  second.deliver({ ok: true, $id: 0 });
  second.deliver({ ok: true, $id: 1 });
  assert.deepEqual(said(first), ["before"]);
  assert.deepEqual(said(second), ["before", "one", "two"]);
  assert.equal(first.sent[0].$once, second.sent[0].$once);
  assert.deepEqual(browser.reported.unanswered, [], "nothing is unclear");
});

test("channels are resumed before messages are sent again", async () => {
  const browser = new FakeBrowser();
  const first = browser.connected();
  first.deliver({ $joined: { "chat:lobby": 4 } });
  browser.sapa.send({ text: "one" }, ONCE);
  first.cut();
  const second = await browser.reconnected();
  assert.deepEqual(second.sent.map((message) => Object.keys(message)[0]), ["$resume", "$id"]);
});

test("a message without effect is sent again without a key", async () => {
  const browser = new FakeBrowser();
  const first = browser.connected();
  browser.sapa.send({ text: "one", $id: 1 }, { untilAnswered: true });
  first.cut();
  const second = await browser.reconnected();
  assert.deepEqual([first.sent[0], second.sent[0]], [{ text: "one", $id: 1 }, { text: "one", $id: 1 }]);
});

test("a message that is being processed, or comes too fast, waits as long as the server says", async () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  browser.sapa.send({ text: "one", $id: 1 }, ONCE);
  inProgress(socket);
  await browser.clock.pass(999);
  assert.deepEqual(said(socket), ["one"]);
  await browser.clock.pass(1);
  socket.deliver({ error: { code: "rate_limited", message: "…", retry_after_ms: 300 }, $id: 1 });
  await browser.clock.pass(300);
  assert.deepEqual(said(socket), ["one", "one", "one"]);
  assert.deepEqual(browser.reported.message, [], "nobody sees these errors");
  socket.deliver({ ok: true, $id: 1 });
  assert.deepEqual(browser.sapa.outbox, []);
});

test("without an answer it is tried four times on a live connection", async () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  browser.answersPings = true;
  browser.sapa.send({ text: "one", $id: 1 }, ONCE);
  await browser.clock.pass(100_000);
  assert.deepEqual(browser.reported.expired, []);
  await browser.clock.pass(40_000);
  assert.deepEqual(said(socket), ["one", "one", "one", "one"]);
  assert.deepEqual(browser.reported.expired, [[1]]);
  assert.deepEqual(browser.sapa.outbox, []);
});

test("an error of API Gateway, which names no message, is about the one on its way", async () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  browser.sapa.send({ text: "one", $id: 1 }, ONCE);
  const ask = browser.sapa.ask({ text: "two" }, ONCE);
  const fault = { message: "Internal server error", connectionId: "c", requestId: "r" };
  for (const time of [1, 2]) {
    socket.deliver(fault);
    await browser.clock.pass(time * 1_000);
  }
  assert.deepEqual(said(socket), ["one", "one", "two"], "it may pass at the second try");
  assert.deepEqual(browser.reported.message.map(({ message }) => message), [fault]);
  socket.deliver(fault);
  await browser.clock.pass(1_000);
  socket.deliver(fault);
  await assert.rejects(ask, { code: "server_error" });
  assert.equal(browser.reported.message.length, 1);
});

test("two messages that wait cannot have the same name", () => {
  const browser = new FakeBrowser();
  browser.sapa.send({ text: "one", $id: 1 }, ONCE);
  assert.throws(() => browser.sapa.send({ text: "two", $id: 1 }, ONCE), /already/);
});

test("an ask that happens once gets its answer after a reconnect", async () => {
  const browser = new FakeBrowser();
  const reply = browser.sapa.ask({ text: "one" }, ONCE);
  browser.connected().cut();
  const socket = await browser.reconnected();
  socket.deliver({ ok: true, $id: socket.last?.$id });
  assert.equal((await reply).ok, true);
  assert.deepEqual(browser.reported.message, []);
});

test("an ask can be given up, and is not sent then", async () => {
  const browser = new FakeBrowser();
  const stop = new AbortController();
  const reply = browser.sapa.ask({ text: "one" }, { once: true, signal: stop.signal });
  stop.abort(new Error("no more"));
  await assert.rejects(reply, { message: "no more" });
  await assert.rejects(browser.sapa.ask({}, { signal: stop.signal }), { message: "no more" });
  assert.deepEqual(said(browser.connected()), []);
});

test("messages survive a reload of the tab", () => {
  const first = new FakeBrowser();
  first.sapa.enter(SESSION);
  first.connected();
  for (const $id of [1, 2]) first.sapa.send({ text: `${$id}`, $id }, ONCE);
  const second = new FakeBrowser({}, undefined, first.storage);
  second.sapa.enter(SESSION);
  assert.deepEqual(second.sapa.outbox.map(({ text, $id }) => [text, $id]), [["1", 1], ["2", 2]]);
  const socket = second.connected();
  assert.equal(socket.sent[0].$once, first.socket.sent[0].$once);
  socket.deliver({ ok: true, $id: 1 });
  socket.deliver({ ok: true, $id: 2 });
  assert.deepEqual(said(socket), ["1", "2"]);
  assert.equal(second.storage.length, 0, "nothing is left");
});

test("another user's messages are not sent, and those of another address neither", () => {
  const first = new FakeBrowser();
  first.sapa.enter(SESSION);
  first.sapa.send({ text: "one" }, ONCE);
  const other = new FakeBrowser({}, undefined, first.storage);
  other.sapa.enter({ username: "ben", expires_at: 1 });
  assert.deepEqual(other.sapa.outbox, []);
  assert.equal(first.storage.length, 0, "and they are gone");
  first.sapa.send({ text: "two" }, ONCE);
  const elsewhere = new Sapa({ url: "ws://sapa.test/other", environment: { storage: first.storage } });
  elsewhere.enter(SESSION);
  assert.deepEqual(elsewhere.outbox, []);
  clearTab(/** @type {any} */ (first.storage));
  assert.equal(first.storage.length, 0);
});

test("the end of the login leaves open what became of sent messages, and the others are sent after it", async () => {
  const browser = new FakeBrowser();
  browser.sapa.enter(SESSION);
  const socket = browser.connected();
  const act = browser.sapa.ask({ text: "act" }, ONCE);
  await browser.clock.pass(5_000);
  browser.sapa.send({ text: "sent", $id: 1 }, ONCE);
  browser.sapa.send({ text: "waiting", $id: 2 }, ONCE);
  socket.deliver({ error: { code: "session_ended", message: "…" } });
  await assert.rejects(act, { name: "AskError", code: "session_ended" });
  assert.deepEqual(browser.reported.unanswered, [[1]]);
  browser.sapa.enter({ ...SESSION, expires_at: 2 });
  assert.deepEqual(said(browser.connected()), ["waiting"]);
});

test("a login that ended while the page was away is noticed at the next", () => {
  const first = new FakeBrowser();
  first.sapa.enter(SESSION);
  first.connected();
  for (const $id of [1, 2]) first.sapa.send({ text: `${$id}`, $id }, ONCE);
  const second = new FakeBrowser({}, undefined, first.storage);
  second.sapa.enter({ ...SESSION, expires_at: 2 });
  assert.equal(second.sapa.outbox.length, 2, "the page shows them first");
  assert.deepEqual(said(second.connected()), ["2"]);
  assert.deepEqual(second.reported.unanswered, [[1]]);
});

test("a storage that is full, damaged or missing loses only what a reload loses", () => {
  for (const text of ["{", "null", "[]", '{"session": {"username": "ana"}, "outbox": [1], "answers": []}']) {
    const storage = new FakeStorage();
    storage.setItem("sapa ws://sapa.test/ws", text);
    const browser = new FakeBrowser({}, undefined, storage);
    browser.sapa.enter(SESSION);
    assert.deepEqual(browser.sapa.outbox, []);
    storage.isFull = true;
    browser.sapa.send({ text: "one" }, ONCE);
    assert.deepEqual(said(browser.connected()), ["one"]);
  }
  const browser = new FakeBrowser({ environment: { storage: null } });
  browser.sapa.enter(SESSION);
  browser.sapa.send({ text: "one" }, ONCE);
  assert.deepEqual(said(browser.connected()), ["one"]);
});

test("stopping leaves nothing running, and starting sends what is left", async () => {
  const browser = new FakeBrowser();
  const first = browser.connected();
  browser.sapa.send({ text: "one", $id: 1 }, ONCE);
  inProgress(first);
  browser.sapa.stop();
  await settled();
  assert.equal(browser.clock.timers, 0);
  assert.deepEqual(said(browser.connected()), ["one"]);
});
