// @ts-check
/** Events of channels: once each, gaps filled, and caught up with after a break. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { event, FakeBrowser } from "./fake_browser.js";

const LOBBY = "chat:lobby";

/** A connected browser whose page has just joined the lobby at event 40. */
function inLobby() {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  browser.answersPings = true;
  browser.sapa.remember(LOBBY, 40);
  return { browser, socket };
}

test("an event arrives with channel, number, time and payload", () => {
  const browser = new FakeBrowser();
  browser.connected().deliver(event(42, LOBBY, { text: "Hai!" }));
  const sentAt = 1_700_000_000_042;
  const expected = { channel: LOBBY, sequence: 42, sentAt, payload: { text: "Hai!" } };
  assert.deepEqual(browser.reported.event, [expected]);
  assert.deepEqual(browser.reported.message, []);
  assert.deepEqual(browser.sapa.channels, [LOBBY]);
});

test("duplicates are dropped by channel and number", () => {
  const { browser, socket } = inLobby();
  for (const n of [41, 42, 41, 42]) socket.deliver(event(n));
  socket.deliver(event(42, "chat:other"));
  assert.deepEqual(browser.sequences(), [41, 42]);
  assert.deepEqual(browser.sequences("chat:other"), [42]);
});

test("an event that was overtaken is nothing to ask for", async () => {
  const { browser, socket } = inLobby();
  for (const n of [41, 43, 44]) socket.deliver(event(n));
  await browser.clock.pass(900);
  socket.deliver(event(42));
  await browser.clock.pass(60_000);
  assert.deepEqual(browser.sequences(), [41, 43, 44, 42]);
  assert.deepEqual(socket.last, undefined);
});

test("a gap that stays is asked for, from the last event before it", async () => {
  const { browser, socket } = inLobby();
  for (const n of [41, 44]) socket.deliver(event(n));
  await browser.clock.pass(2_000);
  assert.deepEqual(socket.last, { $resume: { [LOBBY]: 41 }, $id: "sapa-1" });
  for (const n of [42, 43, 44]) socket.deliver(event(n));
  socket.deliver({ $resumed: { [LOBBY]: 44 }, $members: {}, $id: "sapa-1" });
  await browser.clock.pass(60_000);
  assert.deepEqual(browser.sequences(), [41, 44, 42, 43]);
  assert.equal(socket.last?.$id, "sapa-1");
});

test("the first event of a channel leaves no gap before it", async () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  socket.deliver(event(1_000));
  await browser.clock.pass(10_000);
  assert.equal(socket.last, undefined);
});

test("members asking for the same gap are spread over time", async () => {
  const asked = [];
  for (const chance of [0, 0.999]) {
    const { browser, socket } = inLobby();
    browser.random = () => chance;
    socket.deliver(event(42));
    for (let ms = 0; ms < 3_000 && !socket.last; ms += 1) await browser.clock.pass(1);
    asked.push(browser.clock.now - 1_000_000);
  }
  assert.deepEqual(asked, [1_000, 1_999]);
});

test("a busy channel whose events overtake each other all the time asks for nothing", async () => {
  const { browser, socket } = inLobby();
  for (let n = 41; n < 241; n += 2) {
    socket.deliver(event(n + 1));
    await browser.clock.pass(600);
    socket.deliver(event(n));
  }
  assert.equal(socket.last, undefined);
  assert.equal(browser.sequences().length, 200);
});

test("a number that was never published is given up quietly, but welcome if it comes", async () => {
  const { browser, socket } = inLobby();
  socket.onSent = ({ $resume, $id, $ping }) =>
    queueMicrotask(() => {
      if ($resume) socket.deliver({ $resumed: { [LOBBY]: 42 }, $id });
      else socket.deliver({ $pong: $ping });
    });
  socket.deliver(event(42));
  await browser.clock.pass(600_000);
  assert.equal(socket.sent.filter(({ $resume }) => $resume).length, 4);
  assert.deepEqual(browser.reported.gap, []);
  socket.deliver(event(41));
  assert.deepEqual(browser.sequences(), [42, 41]);
});

test("a gap is asked for until there is an answer", async () => {
  const { browser, socket } = inLobby();
  socket.deliver(event(42));
  await browser.clock.pass(600_000);
  assert.ok(socket.sent.filter(({ $resume }) => $resume).length > 10);
  socket.deliver(event(41));
  assert.deepEqual(browser.sequences(), [42, 41]);
});

test("after a break all channels are resumed from where they were", async () => {
  const { browser, socket } = inLobby();
  socket.deliver(event(41));
  socket.deliver(event(7, "user:ana"));
  socket.cut();
  const next = await browser.reconnected();
  const resume = { $resume: { [LOBBY]: 41, "user:ana": 7 }, $id: "sapa-1" };
  assert.deepEqual(next.sent, [resume]);
  for (const n of [42, 44, 43, 44]) next.deliver(event(n));
  next.deliver({ $resumed: { [LOBBY]: 44, "user:ana": 7 }, $members: {}, $id: "sapa-1" });
  assert.deepEqual(browser.sequences(), [41, 42, 44, 43]);
  assert.deepEqual(browser.reported.message, []);
  await browser.clock.pass(60_000);
  assert.deepEqual(next.last, resume);
});

test("a resume without an answer is asked again", async () => {
  const { browser, socket } = inLobby();
  socket.cut();
  const next = await browser.reconnected();
  await browser.clock.pass(12_000);
  assert.deepEqual(next.last, { $resume: { [LOBBY]: 40 }, $id: "sapa-2" });
  next.deliver({ error: { code: "process_failed", message: "…" }, $id: "sapa-2" });
  await browser.clock.pass(60_000);
  next.deliver({ $resumed: { [LOBBY]: 40 }, $id: next.last?.$id });
  const asked = next.sent.length;
  await browser.clock.pass(200_000);
  assert.equal(next.sent.length, asked);
  assert.deepEqual(browser.reported.message, [], "what the module asks for is not the page's business");
});

test("where an answer holds only a part, the next part is asked for at once", async () => {
  const { browser, socket } = inLobby();
  browser.sapa.remember("chat:other", 3);
  socket.cut();
  const next = await browser.reconnected();
  next.deliver(event(41));
  const more = { [LOBBY]: 43, "chat:other": 9 };
  next.deliver({ $resumed: { [LOBBY]: 41, "chat:other": 3 }, $more: more, $id: "sapa-1" });
  assert.deepEqual(next.last, { $resume: { [LOBBY]: 41, "chat:other": 3 }, $id: "sapa-2" });
  for (const n of [43, 42]) next.deliver(event(n));
  next.deliver({ $resumed: { [LOBBY]: 43, "chat:other": 9 }, $id: "sapa-2" });
  assert.equal(next.last?.$id, "sapa-2");
});

test("lost history is reported, and its numbers are not waited for", async () => {
  const { browser, socket } = inLobby();
  socket.cut();
  const next = await browser.reconnected();
  next.deliver({ $gap: { [LOBBY]: { from: 41, to: 50 } } });
  next.deliver(event(51));
  next.deliver({ $resumed: { [LOBBY]: 51 }, $id: "sapa-1" });
  next.deliver({ $gap: { [LOBBY]: { from: 41, to: 50 }, "chat:unknown": { from: 1, to: 2 } } });
  assert.deepEqual(browser.reported.gap, [{ channel: LOBBY, from: 41, to: 50 }]);
  await browser.clock.pass(60_000);
  assert.equal(next.last?.$id, "sapa-1");
});

test("only what was not seen counts as lost", async () => {
  const { browser, socket } = inLobby();
  for (const n of [41, 42]) socket.deliver(event(n));
  socket.deliver({ $gap: { [LOBBY]: { from: 41, to: 44 } } });
  assert.deepEqual(browser.reported.gap, [{ channel: LOBBY, from: 43, to: 44 }]);
});

test("a channel that the server does not resume is left", async () => {
  const { browser, socket } = inLobby();
  browser.sapa.remember("chat:secret", 3);
  socket.cut();
  const next = await browser.reconnected();
  const error = { code: "forbidden_channel", message: "No.", fields: { "chat:secret": "No." } };
  next.deliver({ error, $id: "sapa-1" });
  next.deliver({ $resumed: { [LOBBY]: 40 }, $members: {}, $id: "sapa-1" });
  assert.deepEqual(browser.reported.left, [{ channel: "chat:secret" }]);
  assert.deepEqual(browser.sapa.channels, [LOBBY]);
  assert.deepEqual(browser.reported.message, []);
});

test("errors that answer the page's own messages are the page's", () => {
  const { browser, socket } = inLobby();
  socket.deliver({ error: { code: "forbidden_channel", message: "No." }, $id: 7 });
  assert.equal(browser.reported.message.length, 1);
});

test("members and presence are reported, and teach nothing about numbers", () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  socket.deliver({ $channel: LOBBY, $sent_at: 5, $presence: { joined: "ana" } });
  socket.deliver({ $channel: LOBBY, $sent_at: 6, $presence: { left: "ana" } });
  const members = [{ username: "budi", since: 4 }];
  assert.deepEqual(browser.sapa.channels, []);
  socket.deliver({ $resumed: { [LOBBY]: 9 }, $members: { [LOBBY]: members } });
  assert.deepEqual(browser.reported.presence, [
    { channel: LOBBY, sentAt: 5, joined: "ana" },
    { channel: LOBBY, sentAt: 6, left: "ana" },
  ]);
  assert.deepEqual(browser.reported.members, [{ channel: LOBBY, members }]);
  assert.deepEqual(browser.sapa.channels, [LOBBY]);
});

test("a forgotten channel is not resumed", async () => {
  const { browser, socket } = inLobby();
  socket.deliver(event(42));
  browser.sapa.forget(LOBBY);
  await browser.clock.pass(60_000);
  assert.equal(socket.last, undefined);
  socket.cut();
  assert.deepEqual((await browser.reconnected()).sent, []);
});

test("a gap too wide to keep what follows counts as lost", () => {
  const { browser, socket } = inLobby();
  for (let n = 42; n <= 42 + 10_000; n += 1) socket.deliver(event(n));
  assert.deepEqual(browser.reported.gap, [{ channel: LOBBY, from: 41, to: 41 }]);
});

test("a frame without a usable number is passed on as it is", () => {
  const { browser, socket } = inLobby();
  for (const $sequence of [undefined, -1, 1.5, "42"]) {
    socket.deliver({ $channel: LOBBY, $sequence, $sent_at: 1, text: "Hai!" });
  }
  assert.deepEqual(browser.reported.event.map(({ sequence }) => sequence), [null, null, null, null]);
});

test("stopping and starting again catches up", () => {
  const { browser } = inLobby();
  browser.sapa.stop();
  assert.equal(browser.clock.timers, 0);
  assert.deepEqual(browser.connected().last?.$resume, { [LOBBY]: 40 });
});

test("a page that was given history tells which events it has, and gets the others", async () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  for (const n of [44, 46]) socket.deliver(event(n));
  browser.sapa.remember(LOBBY, [44, 41, 43]);
  for (const n of [43, 42, 45, 46]) socket.deliver(event(n));
  assert.deepEqual(browser.sequences(), [44, 46, 42, 45]);
  browser.sapa.remember("chat:other", []);
  assert.deepEqual(browser.sapa.channels, [LOBBY]);
});

test("a channel is followed from its join on, also if the socket breaks before the first event", async () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  browser.answersPings = true;
  socket.deliver({ $joined: { [LOBBY]: 40, "device:pump": 0 } });
  assert.deepEqual(browser.reported.joined, [
    { channel: LOBBY, sequence: 40 },
    { channel: "device:pump", sequence: 0 },
  ]);
  assert.deepEqual(browser.reported.message, []);
  socket.cut();
  const next = await browser.reconnected();
  assert.deepEqual(next.last?.$resume, { [LOBBY]: 40, "device:pump": 0 });
});

test("an event that comes before the word of the join leaves nothing out", async () => {
  const { browser, socket } = fresh();
  socket.deliver(event(43));
  socket.deliver({ $joined: { [LOBBY]: 41 } });
  await browser.clock.pass(2_000);
  assert.deepEqual(socket.last?.$resume, { [LOBBY]: 41 });
});

test("what was on its way at the join is welcome, and not asked for", async () => {
  const { browser, socket } = fresh();
  socket.deliver({ $joined: { [LOBBY]: 41 } });
  for (const n of [42, 41, 42]) socket.deliver(event(n));
  await browser.clock.pass(60_000);
  assert.deepEqual(browser.sequences(), [42, 41]);
  assert.deepEqual(socket.last, undefined);
});

test("a join again tells where a followed channel is", async () => {
  const { browser, socket } = inLobby();
  socket.deliver({ $joined: { [LOBBY]: 42 } });
  await browser.clock.pass(2_000);
  assert.deepEqual(socket.last?.$resume, { [LOBBY]: 40 });
});

/** A connected browser whose page is in no channel. */
function fresh() {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  browser.answersPings = true;
  return { browser, socket };
}
