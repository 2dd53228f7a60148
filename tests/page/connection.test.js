// @ts-check
/** Connecting, coming back, staying alive, and what becomes of messages. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { AskError, endpointUrl } from "../../functions/api/static/sapa.js";
import { backoff } from "../../functions/api/static/sapa/backoff.js";
import { settled, FakeBrowser } from "./fake_browser.js";

test("the address of an endpoint is beside the page", () => {
  const page = { protocol: "https:", host: "sapa.test" };
  assert.equal(endpointUrl("a b", page), "wss://sapa.test/ws?endpoint=a%20b");
  assert.equal(endpointUrl("chat", { ...page, protocol: "http:" }), "ws://sapa.test/ws?endpoint=chat");
});

test("waits grow by two, are drawn from the whole range, and end at 30 s", () => {
  const longest = Array.from({ length: 9 }, (_, attempt) => backoff(attempt, () => 1));
  assert.deepEqual(longest, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
  assert.equal(backoff(5, () => 0), 0);
  assert.equal(backoff(1_000_000, () => 0.5), 15_000);
});

test("states tell of connecting, connected, waiting and again", async () => {
  const browser = new FakeBrowser();
  browser.connected();
  assert.deepEqual(browser.reported.state, [{ status: "connecting", attempt: 0 }, { status: "connected" }]);
  browser.socket.cut();
  await settled();
  const retryAt = browser.clock.now + 250;
  assert.deepEqual(browser.sapa.state, { status: "waiting", retryAt, attempt: 1, offline: false });
  await browser.clock.pass(249);
  assert.equal(browser.sockets.length, 1);
  await browser.clock.pass(1);
  assert.equal(browser.sockets.length, 2);
  assert.deepEqual(browser.sapa.state, { status: "connecting", attempt: 1 });
  browser.socket.open();
  assert.deepEqual(browser.sapa.state, { status: "connected" });
});

test("a connection that held makes the next wait short again, one that did not does not", async () => {
  const browser = new FakeBrowser();
  browser.connected();
  const waits = [];
  for (const lived of [0, 0, 0, 9_999, 10_000]) {
    await browser.clock.pass(lived);
    browser.socket.cut();
    await settled();
    const { state } = browser.sapa;
    assert.equal(state.status, "waiting");
    waits.push("retryAt" in state && state.retryAt - browser.clock.now);
    await browser.reconnected();
  }
  assert.deepEqual(waits, [250, 500, 1000, 2000, 250]);
});

test("a handshake that fails asks for the session, and goes on unless it has ended", async () => {
  /** @type {("alive" | "ended" | "unknown")[]} */
  const answers = ["alive", "unknown", "ended"];
  const browser = new FakeBrowser({ checkSession: async () => answers.shift() ?? "unknown" });
  browser.sapa.start();
  for (const expected of ["waiting", "waiting", "closed"]) {
    browser.socket.cut();
    await settled();
    assert.equal(browser.sapa.state.status, expected);
    await browser.clock.pass(31_000);
  }
  assert.deepEqual(browser.sapa.state, { status: "closed", reason: "session_ended" });
  assert.deepEqual([browser.openSockets, browser.clock.timers, browser.network], [0, 0, null]);
});

test("a session check that fails itself does not end the reconnecting", async (t) => {
  t.mock.method(console, "error", () => {});
  const browser = new FakeBrowser({ checkSession: () => Promise.reject(new Error("no network")) });
  browser.sapa.start();
  browser.socket.cut();
  await settled();
  assert.equal(browser.sapa.state.status, "waiting");
});

test("a handshake without any answer is given up", async () => {
  const browser = new FakeBrowser();
  browser.sapa.start();
  await browser.clock.pass(35_000);
  assert.equal(browser.sapa.state.status, "waiting");
  assert.equal(browser.sockets[0].readyState, 3);
});

test("stopping while the session is checked stays stopped", async () => {
  const browser = new FakeBrowser();
  browser.sapa.start();
  browser.socket.cut();
  browser.sapa.stop();
  await browser.clock.pass(60_000);
  assert.deepEqual(browser.sapa.state, { status: "closed", reason: "stopped" });
  assert.equal(browser.sockets.length, 1);
});

test("stopping leaves nothing running, and starting connects again", () => {
  const browser = new FakeBrowser();
  browser.connected();
  browser.sapa.stop();
  assert.deepEqual(browser.socket.closedByPage, { code: 1000, reason: "bye" });
  assert.deepEqual([browser.clock.timers, browser.network], [0, null]);
  browser.connected();
  assert.equal(browser.sapa.state.status, "connected");
});

test("a quiet socket is pinged in time, and the pong is nobody's message", async () => {
  const browser = new FakeBrowser();
  browser.connected();
  await browser.clock.pass(239_999);
  assert.equal(browser.socket.pings.length, 0);
  await browser.clock.pass(30_001);
  const [ping] = browser.socket.pings;
  browser.socket.deliver({ $pong: ping.$ping });
  await browser.clock.pass(60_000);
  assert.equal(browser.sapa.state.status, "connected");
  assert.deepEqual(browser.reported.message, []);
});

test("sending alone does not keep a socket alive whose other direction is quiet", async () => {
  const browser = new FakeBrowser();
  browser.connected();
  browser.answersPings = true;
  for (let minute = 0; minute < 10; minute += 1) {
    browser.sapa.send({ reading: minute });
    await browser.clock.pass(60_000);
  }
  assert.equal(browser.sockets.length, 1);
  assert.ok(browser.socket.pings.length >= 2);
  assert.equal(browser.sapa.state.status, "connected");
});

test("a peer that does not answer a ping is dead", async () => {
  const browser = new FakeBrowser();
  browser.connected();
  browser.sapa.send({ message: "Hai!" });
  await browser.clock.pass(3_000);
  assert.equal(browser.socket.pings.length, 1);
  await browser.clock.pass(19_999);
  assert.equal(browser.sapa.state.status, "connected");
  await browser.clock.pass(1);
  assert.equal(browser.sapa.state.status, "waiting");
  assert.equal(browser.sockets[0].readyState, 3);
});

test("who sends all the time finds out as soon", async () => {
  const browser = new FakeBrowser();
  browser.connected();
  for (let second = 0; second < 23; second += 1) {
    assert.equal(browser.sapa.send({ message: "Hai!", $id: second }), true);
    await browser.clock.pass(1_000);
  }
  assert.equal(browser.sapa.state.status, "waiting");
  assert.deepEqual(browser.reported.unanswered, [Array.from({ length: 23 }, (_, second) => second)]);
});

test("silence after a message is reported after 5 s, and its end", async () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  browser.sapa.send({ message: "Hai!" });
  await browser.clock.pass(4_999);
  assert.deepEqual(browser.reported.silent, []);
  await browser.clock.pass(1);
  assert.deepEqual(browser.reported.silent, [true]);
  socket.deliver({ message: "Halo!" });
  assert.deepEqual(browser.reported.silent, [true, false]);
  browser.sapa.send({ message: "Hai!" });
  await browser.clock.pass(30_000);
  assert.deepEqual(browser.reported.silent, [true, false, true, false], "a dead socket is not silent");
});

test("a slow reply on a live connection is no silence", async () => {
  const browser = new FakeBrowser();
  browser.connected();
  browser.answersPings = true;
  browser.sapa.send({ message: "Hai!", $id: 1 });
  await browser.clock.pass(29_000);
  browser.socket.deliver({ message: "Halo!", $id: 1 });
  await browser.clock.pass(60_000);
  assert.deepEqual([browser.reported.silent, browser.reported.expired], [[], []]);
  assert.equal(browser.sapa.state.status, "connected");
});

test("any frame is as good as a pong", async () => {
  const browser = new FakeBrowser();
  browser.connected();
  browser.sapa.send({ message: "Hai!" });
  await browser.clock.pass(20_000);
  browser.socket.deliver({ message: "Halo!" });
  await browser.clock.pass(10_000);
  assert.equal(browser.sapa.state.status, "connected");
});

test("the network's coming and going, and a look at the page, are heard", async () => {
  const browser = new FakeBrowser();
  browser.connected();
  browser.network?.offline();
  assert.equal(browser.socket.pings.length, 1);
  browser.isOnline = false;
  browser.socket.cut();
  await settled();
  assert.deepEqual(
    browser.sapa.state,
    { status: "waiting", retryAt: browser.clock.now + 30_000, attempt: 1, offline: true },
  );
  browser.network?.online();
  await browser.clock.pass(1_000);
  assert.equal(browser.sockets.length, 2);
  browser.socket.cut();
  await settled();
  browser.network?.visible();
  assert.equal(browser.sockets.length, 3);
  browser.socket.open();
  await browser.clock.pass(20_001);
  browser.network?.visible();
  assert.equal(browser.socket.pings.length, 1);
});

test("retrying now does not wait", async () => {
  const browser = new FakeBrowser();
  browser.connected();
  browser.sapa.retryNow();
  assert.equal(browser.sockets.length, 1);
  browser.socket.cut();
  await settled();
  browser.sapa.retryNow();
  assert.equal(browser.sockets.length, 2);
  await browser.clock.pass(30_000);
  assert.equal(browser.sockets.length, 2);
});

test("without an open socket nothing is sent", () => {
  const browser = new FakeBrowser();
  assert.equal(browser.sapa.send({ message: "Hai!" }), false);
  browser.sapa.start();
  assert.equal(browser.sapa.send({ message: "Hai!" }), false);
  browser.socket.open();
  assert.equal(browser.sapa.send({ message: "Hai!" }), true);
  assert.deepEqual(browser.socket.sent, [{ message: "Hai!" }]);
});

test("what is no JSON object is a message too", () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  for (const text of ["plain", "[1]", "null", '{"a": 1}', '{"$pong": 7}']) socket.deliver(text);
  assert.deepEqual(browser.reported.message, [
    ...["plain", "[1]", "null"].map((text) => ({ text, message: null })),
    { text: '{"a": 1}', message: { a: 1 } },
    { text: '{"$pong": 7}', message: { $pong: 7 } },
  ]);
});

test("messages without a reply are named when their socket ends", async () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  browser.sapa.send({ message: "long ago", $id: 0 });
  await browser.clock.pass(1);
  socket.deliver({ message: "unasked" });
  await browser.clock.pass(30_000);
  for (const $id of [1, "b", 3]) browser.sapa.send({ message: "Hai!", $id });
  browser.sapa.send({ message: "without a name" });
  socket.deliver({ message: "Halo!", $id: "b" });
  assert.deepEqual(browser.reported.expired, [[0]], "what comes after its time shows that it gets none");
  socket.cut();
  assert.deepEqual(browser.reported.unanswered, [[1, 3]]);
});

test("a message without a reply expires on a live connection only", async () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  browser.answersPings = true;
  browser.sapa.send({ reading: 1, $id: 1 });
  await browser.clock.pass(31_999);
  assert.deepEqual(browser.reported.expired, []);
  await browser.clock.pass(1);
  assert.deepEqual(browser.reported.expired, [[1]]);
  browser.sapa.send({ reading: 2, $id: 2 });
  await browser.clock.pass(3_000);
  assert.equal(socket.pings.length, 3);
  browser.answersPings = false;
  await browser.clock.pass(300_000);
  assert.deepEqual(browser.reported.expired, [[1]]);
  assert.deepEqual(browser.reported.unanswered, [[2]], "however long the silence lasted");
});

test("an ask gets the first reply; others are messages", async () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  const reply = browser.sapa.ask({ message: "Hai!" });
  const { $id } = socket.sent[0];
  socket.deliver({ message: "one", $id });
  socket.deliver({ message: "two", $id });
  assert.deepEqual(await reply, { message: "one", $id });
  assert.deepEqual(browser.reported.message.map(({ message }) => message?.message), ["two"]);
});

test("an ask fails with the server's code, or with why there was no reply", async () => {
  const browser = new FakeBrowser();
  const code = (/** @type {Promise<unknown>} */ asked) =>
    asked.then(
      () => assert.fail("was answered"),
      (error) => (assert.ok(error instanceof AskError), error.code),
    );
  assert.equal(await code(browser.sapa.ask({})), "not_connected");
  const socket = browser.connected();
  const refused = code(browser.sapa.ask({}));
  socket.deliver({ error: { code: "invalid_message", message: "No." }, $id: socket.last?.$id });
  assert.equal(await refused, "invalid_message");
  const late = code(browser.sapa.ask({}));
  browser.answersPings = true;
  await browser.clock.pass(32_000);
  assert.equal(await late, "timeout");
  const lost = code(browser.sapa.ask({}));
  socket.cut();
  assert.equal(await lost, "connection_lost");
});

test("a listener that fails disturbs no other, and one that is taken away hears nothing", (t) => {
  /** @type {unknown[]} */
  const complaints = [];
  t.mock.method(process, "nextTick", (/** @type {() => void} */ raise) => {
    try {
      raise();
    } catch (error) {
      complaints.push(error);
    }
  });
  const browser = new FakeBrowser();
  const fault = new Error("listener");
  const stop = browser.sapa.on("state", () => {
    throw fault;
  });
  browser.sapa.start();
  stop();
  browser.socket.open();
  assert.deepEqual(complaints, [fault]);
  assert.deepEqual(browser.states, ["connecting", "connected"]);
});

test("a socket that the server ends is not opened again by itself", async () => {
  for (const code of /** @type {const} */ (["session_ended", "too_many_connections"])) {
    const browser = new FakeBrowser();
    browser.connected();
    browser.socket.deliver({ error: { code, message: "…" } });
    browser.socket.cut();
    await settled();
    await browser.clock.pass(120_000);
    assert.deepEqual(browser.sapa.state, { status: "closed", reason: code });
    assert.equal(browser.sockets.length, 1);
    browser.sapa.retryNow();
    assert.equal(browser.sockets.length, code === "session_ended" ? 1 : 2);
  }
});

test("a handshake that the connection limit refuses is tried once more, and then when the user asks", async () => {
  const browser = new FakeBrowser({ checkSession: async () => "too_many_connections" });
  browser.sapa.start();
  for (const tries of [2, 4]) {
    browser.socket.cut();
    await settled();
    const retryAt = browser.clock.now + 4_000;
    assert.deepEqual(browser.sapa.state, { status: "waiting", retryAt, attempt: 1, offline: false });
    await browser.clock.pass(4_000);
    browser.socket.cut();
    await settled();
    assert.deepEqual(browser.sapa.state, { status: "closed", reason: "too_many_connections" });
    await browser.clock.pass(600_000);
    assert.equal(browser.sockets.length, tries);
    assert.deepEqual([browser.openSockets, browser.clock.timers, browser.network], [0, 0, null]);
    browser.sapa.retryNow();
  }
});

test("refusals by the limit that are not in a row do not end the reconnecting", async () => {
  const browser = new FakeBrowser({ checkSession: async () => "too_many_connections" });
  browser.sapa.start();
  for (let time = 0; time < 3; time += 1) {
    browser.socket.cut();
    await settled();
    await browser.clock.pass(4_000);
    browser.socket.open();
    assert.equal(browser.sapa.state.status, "connected");
    browser.socket.cut();
    await browser.clock.pass(31_000);
  }
});
