// @ts-check
/** The planned change to a younger socket, before API Gateway's 2 hours are over. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { event, FakeBrowser, settled } from "./fake_browser.js";

const LOBBY = "chat:lobby";
const LIFETIME_MS = 115 * 60_000;

/** A browser whose page is in the lobby, at the moment when the next socket begins to connect. */
async function renewing(/** @type {Partial<import("./fake_browser.js").SapaOptions>} */ options = {}) {
  const browser = new FakeBrowser(options);
  browser.answersPings = true;
  const old = browser.connected();
  browser.sapa.remember(LOBBY, 40);
  const lifetime = (options.lifetimeMs ?? LIFETIME_MS) / (options.warp ?? 1);
  await browser.clock.pass(lifetime - 1);
  assert.equal(browser.sockets.length, 1, "not before its time");
  await browser.clock.pass(1);
  assert.equal(browser.sockets.length, 2);
  return { browser, old, next: browser.socket };
}

test("the next socket resumes, then the old one is closed, and nothing shows of it", async () => {
  const { browser, old, next } = await renewing();
  old.deliver(event(41));
  next.open();
  assert.deepEqual(next.sent, [{ $resume: { [LOBBY]: 41 }, $id: "sapa-1" }]);
  for (const socket of [old, next, old]) socket.deliver(event(42));
  await browser.clock.pass(5_000);
  assert.equal(old.readyState, 1, "kept until the resume is answered");
  next.deliver({ $resumed: { [LOBBY]: 42 }, $members: {}, $id: "sapa-1" });
  old.deliver(event(43));
  await browser.clock.pass(1_000);
  assert.deepEqual(old.closedByPage, { code: 1000, reason: "" });
  next.deliver(event(43));
  next.deliver(event(44));
  assert.deepEqual(browser.sequences(), [41, 42, 43, 44]);
  assert.deepEqual(browser.states, ["connecting", "connected"]);
  assert.equal(browser.openSockets, 1);
});

test("it happens again and again", async () => {
  const { browser, next } = await renewing();
  next.open();
  next.deliver({ $resumed: { [LOBBY]: 40 }, $id: "sapa-1" });
  await browser.clock.pass(LIFETIME_MS);
  assert.equal(browser.sockets.length, 3);
});

test("without channels there is nothing to wait for", async () => {
  const browser = new FakeBrowser({ lifetimeMs: 60_000 });
  const old = browser.connected();
  await browser.clock.pass(60_000);
  browser.socket.open();
  await browser.clock.pass(1_000);
  assert.deepEqual(browser.socket.sent, []);
  assert.equal(old.readyState, 3);
  assert.equal(browser.openSockets, 1);
});

test("a warped clock brings it and the pings sooner", async () => {
  const { browser, old } = await renewing({ warp: 100 });
  assert.equal(browser.clock.now, 1_000_000 + 69_000);
  assert.ok(old.pings.length >= 20, "an idle limit of 10 minutes is 6 s now");
});

test("messages go to the new socket from its handshake on", async () => {
  const { browser, old, next } = await renewing();
  browser.sapa.send({ message: "one", $id: 1 });
  next.open();
  browser.sapa.send({ message: "two", $id: 2 });
  assert.equal(old.last?.message, "one");
  assert.equal(next.last?.message, "two");
});

test("the old socket stays for replies that are due, and their further frames", async () => {
  const { browser, old, next } = await renewing();
  const asked = browser.sapa.ask({ message: "slow" });
  const $id = old.last?.$id;
  next.open();
  await browser.clock.pass(6_000);
  next.deliver({ $resumed: { [LOBBY]: 40 }, $id: next.last?.$id });
  await browser.clock.pass(10_000);
  old.deliver({ message: "at last", $id });
  assert.deepEqual(await asked, { message: "at last", $id });
  await browser.clock.pass(500);
  old.deliver({ message: "and more", $id });
  assert.equal(browser.reported.message.length, 1);
  await browser.clock.pass(2_000);
  assert.equal(old.readyState, 3);
  assert.deepEqual(browser.reported.unanswered, []);
});

test("replies that never come are not waited for longer than they may take", async () => {
  const { browser, old, next } = await renewing();
  browser.sapa.send({ message: "no reply" });
  next.open();
  await browser.clock.pass(6_000);
  next.deliver({ $resumed: { [LOBBY]: 40 }, $id: next.last?.$id });
  await browser.clock.pass(31_000);
  assert.equal(old.readyState, 3);
});

test("a channel that is being joined or left on the old socket is known before the resume", async () => {
  const { browser, old, next } = await renewing();
  browser.sapa.send({ join: "chat:new", $id: 1 });
  browser.sapa.send({ leave: LOBBY, $id: 2 });
  next.open();
  assert.deepEqual(next.sent, []);
  old.deliver({ joined: "chat:new", $id: 1 });
  browser.sapa.remember("chat:new", 7);
  old.deliver({ left: LOBBY, $id: 2 });
  browser.sapa.forget(LOBBY);
  await browser.clock.pass(2_000);
  assert.deepEqual(next.last?.$resume, { "chat:new": 7 });
});

test("a channel learned even later, while the old socket is still there, is asked for at once", async () => {
  const { browser, old, next } = await renewing();
  browser.sapa.send({ join: "chat:new", $id: 1 });
  next.open();
  await browser.clock.pass(5_000);
  next.deliver({ $resumed: { [LOBBY]: 40 }, $id: next.last?.$id });
  old.deliver({ joined: "chat:new", $id: 1 });
  browser.sapa.remember("chat:new", 7);
  assert.deepEqual(next.last?.$resume, { "chat:new": 7 });
});

test("a next socket that fails is tried again while the old one serves", async () => {
  const { browser, old, next } = await renewing();
  next.cut();
  await browser.clock.pass(1_000);
  assert.equal(browser.sockets.length, 3);
  browser.socket.cut();
  await browser.clock.pass(2_000);
  assert.equal(browser.sockets.length, 4);
  old.deliver(event(41));
  assert.deepEqual(browser.sequences(), [41]);
  assert.deepEqual(browser.states, ["connecting", "connected"]);
});

test("a next socket that ends before it has caught up gives the page back to the old one", async () => {
  const { browser, old, next } = await renewing();
  next.open();
  browser.sapa.send({ message: "Hai!", $id: 1 });
  next.cut();
  assert.deepEqual(browser.reported.unanswered, [[1]]);
  browser.sapa.send({ message: "again", $id: 2 });
  assert.equal(old.last?.message, "again");
  old.deliver(event(42));
  await browser.clock.pass(900);
  assert.equal(browser.sockets.length, 3, "another one is on its way");
  browser.socket.open();
  old.deliver({ message: "reply", $id: 2 });
  await browser.clock.pass(2_000);
  assert.deepEqual(browser.socket.last?.$resume, { [LOBBY]: 40 });
  assert.deepEqual(browser.states, ["connecting", "connected"]);
});

test("gaps are looked after on the old socket when the next one is gone", async () => {
  const { browser, old, next } = await renewing();
  old.deliver(event(42));
  next.open();
  next.cut();
  await browser.clock.pass(2_000);
  assert.deepEqual(old.last?.$resume, { [LOBBY]: 40 });
});

test("an old socket that ends while the next one connects leaves one connecting", async () => {
  const { browser, old, next } = await renewing();
  old.cut();
  assert.deepEqual(browser.sapa.state, { status: "connecting", attempt: 0 });
  next.open();
  assert.deepEqual(next.last?.$resume, { [LOBBY]: 40 });
  await browser.clock.pass(60_000);
  assert.equal(browser.sockets.length, 2);
  assert.equal(browser.sapa.state.status, "connected");
});

test("an old socket that ends during the resume is not missed", async () => {
  const { browser, old, next } = await renewing();
  browser.sapa.send({ message: "slow", $id: 1 });
  next.open();
  assert.deepEqual(next.sent, [], "still waiting for the old one's last words");
  old.cut();
  assert.deepEqual(browser.reported.unanswered, [[1]]);
  assert.deepEqual(next.last?.$resume, { [LOBBY]: 40 });
  assert.deepEqual(browser.states, ["connecting", "connected"]);
});

test("a session that has ended is noticed by the next handshake", async () => {
  const { browser, next } = await renewing({ checkSession: async () => "ended" });
  next.cut();
  await browser.clock.pass(0);
  assert.deepEqual(browser.sapa.state, { status: "closed", reason: "session_ended" });
  assert.equal(browser.openSockets, 0);
});

test("stopping in the middle closes all sockets", async () => {
  const { browser, next } = await renewing();
  next.open();
  browser.sapa.stop();
  assert.deepEqual([browser.openSockets, browser.clock.timers], [0, 0]);
});

test("a next socket that the connection limit refuses leaves the current one open", async () => {
  const { browser, old, next } = await renewing({ checkSession: async () => "too_many_connections" });
  for (let tries = 0; tries < 3; tries += 1) {
    browser.socket.cut();
    await settled();
    await browser.clock.pass(31_000);
  }
  assert.ok(browser.socket !== next, "it tries again");
  assert.equal(browser.sapa.state.status, "connected");
  assert.equal(old.readyState, 1);
});
