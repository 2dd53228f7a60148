// @ts-check
/** Connecting, coming back, staying alive, and what becomes of messages. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { AskError, endpointUrl } from "../../functions/api/static/sapa.js";
import { backoff } from "../../functions/api/static/sapa/backoff.js";
import { settled, World } from "./world.js";

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
  const world = new World();
  world.connected();
  assert.deepEqual(world.told.state, [{ status: "connecting", attempt: 0 }, { status: "connected" }]);
  world.socket.cut();
  await settled();
  const retryAt = world.clock.now + 250;
  assert.deepEqual(world.sapa.state, { status: "waiting", retryAt, attempt: 1, offline: false });
  await world.clock.pass(249);
  assert.equal(world.sockets.length, 1);
  await world.clock.pass(1);
  assert.equal(world.sockets.length, 2);
  assert.deepEqual(world.sapa.state, { status: "connecting", attempt: 1 });
  world.socket.open();
  assert.deepEqual(world.sapa.state, { status: "connected" });
});

test("a connection that held makes the next wait short again, one that did not does not", async () => {
  const world = new World();
  world.connected();
  const waits = [];
  for (const lived of [0, 0, 0, 9_999, 10_000]) {
    await world.clock.pass(lived);
    world.socket.cut();
    await settled();
    const { state } = world.sapa;
    assert.equal(state.status, "waiting");
    waits.push("retryAt" in state && state.retryAt - world.clock.now);
    await world.reconnected();
  }
  assert.deepEqual(waits, [250, 500, 1000, 2000, 250]);
});

test("a handshake that fails asks for the session, and goes on unless it has ended", async () => {
  /** @type {("alive" | "ended" | "unknown")[]} */
  const answers = ["alive", "unknown", "ended"];
  const world = new World({ checkSession: async () => answers.shift() ?? "unknown" });
  world.sapa.start();
  for (const expected of ["waiting", "waiting", "closed"]) {
    world.socket.cut();
    await settled();
    assert.equal(world.sapa.state.status, expected);
    await world.clock.pass(31_000);
  }
  assert.deepEqual(world.sapa.state, { status: "closed", reason: "session_ended" });
  assert.deepEqual([world.openSockets, world.clock.timers, world.network], [0, 0, null]);
});

test("a session check that fails itself does not end the reconnecting", async (t) => {
  t.mock.method(console, "error", () => {});
  const world = new World({ checkSession: () => Promise.reject(new Error("no network")) });
  world.sapa.start();
  world.socket.cut();
  await settled();
  assert.equal(world.sapa.state.status, "waiting");
});

test("a handshake without any answer is given up", async () => {
  const world = new World();
  world.sapa.start();
  await world.clock.pass(35_000);
  assert.equal(world.sapa.state.status, "waiting");
  assert.equal(world.sockets[0].readyState, 3);
});

test("stopping while the session is checked stays stopped", async () => {
  const world = new World();
  world.sapa.start();
  world.socket.cut();
  world.sapa.stop();
  await world.clock.pass(60_000);
  assert.deepEqual(world.sapa.state, { status: "closed", reason: "stopped" });
  assert.equal(world.sockets.length, 1);
});

test("stopping leaves nothing running, and starting connects again", () => {
  const world = new World();
  world.connected();
  world.sapa.stop();
  assert.deepEqual(world.socket.closedByPage, { code: 1000, reason: "bye" });
  assert.deepEqual([world.clock.timers, world.network], [0, null]);
  world.connected();
  assert.equal(world.sapa.state.status, "connected");
});

test("a quiet socket is pinged in time, and the pong is nobody's message", async () => {
  const world = new World();
  world.connected();
  await world.clock.pass(239_999);
  assert.equal(world.socket.pings.length, 0);
  await world.clock.pass(30_001);
  const [ping] = world.socket.pings;
  world.socket.deliver({ $pong: ping.$ping });
  await world.clock.pass(60_000);
  assert.equal(world.sapa.state.status, "connected");
  assert.deepEqual(world.told.message, []);
});

test("sending alone does not keep a socket alive whose other direction is quiet", async () => {
  const world = new World();
  world.connected();
  world.answersPings = true;
  for (let minute = 0; minute < 10; minute += 1) {
    world.sapa.send({ reading: minute });
    await world.clock.pass(60_000);
  }
  assert.equal(world.sockets.length, 1);
  assert.ok(world.socket.pings.length >= 2);
  assert.equal(world.sapa.state.status, "connected");
});

test("a peer that does not answer a ping is dead", async () => {
  const world = new World();
  world.connected();
  world.sapa.send({ message: "Hai!" });
  await world.clock.pass(15_000);
  assert.equal(world.socket.pings.length, 1);
  await world.clock.pass(19_999);
  assert.equal(world.sapa.state.status, "connected");
  await world.clock.pass(1);
  assert.equal(world.sapa.state.status, "waiting");
  assert.equal(world.sockets[0].readyState, 3);
});

test("any frame is as good as a pong", async () => {
  const world = new World();
  world.connected();
  world.sapa.send({ message: "Hai!" });
  await world.clock.pass(20_000);
  world.socket.deliver({ message: "Halo!" });
  await world.clock.pass(60_000);
  assert.equal(world.sapa.state.status, "connected");
});

test("the network's coming and going, and a look at the page, are heard", async () => {
  const world = new World();
  world.connected();
  world.network?.offline();
  assert.equal(world.socket.pings.length, 1);
  world.isOnline = false;
  world.socket.cut();
  await settled();
  assert.deepEqual(
    world.sapa.state,
    { status: "waiting", retryAt: world.clock.now + 30_000, attempt: 1, offline: true },
  );
  world.network?.online();
  await world.clock.pass(1_000);
  assert.equal(world.sockets.length, 2);
  world.socket.cut();
  await settled();
  world.network?.visible();
  assert.equal(world.sockets.length, 3);
  world.socket.open();
  await world.clock.pass(20_001);
  world.network?.visible();
  assert.equal(world.socket.pings.length, 1);
});

test("retrying now does not wait", async () => {
  const world = new World();
  world.connected();
  world.sapa.retryNow();
  assert.equal(world.sockets.length, 1);
  world.socket.cut();
  await settled();
  world.sapa.retryNow();
  assert.equal(world.sockets.length, 2);
  await world.clock.pass(30_000);
  assert.equal(world.sockets.length, 2);
});

test("without an open socket nothing is sent", () => {
  const world = new World();
  assert.equal(world.sapa.send({ message: "Hai!" }), false);
  world.sapa.start();
  assert.equal(world.sapa.send({ message: "Hai!" }), false);
  world.socket.open();
  assert.equal(world.sapa.send({ message: "Hai!" }), true);
  assert.deepEqual(world.socket.sent, [{ message: "Hai!" }]);
});

test("what is no JSON object is a message too", () => {
  const world = new World();
  const socket = world.connected();
  for (const text of ["plain", "[1]", "null", '{"a": 1}', '{"$pong": 7}']) socket.deliver(text);
  assert.deepEqual(world.told.message, [
    ...["plain", "[1]", "null"].map((text) => ({ text, message: null })),
    { text: '{"a": 1}', message: { a: 1 } },
    { text: '{"$pong": 7}', message: { $pong: 7 } },
  ]);
});

test("messages without a reply are named when their socket ends", async () => {
  const world = new World();
  const socket = world.connected();
  world.sapa.send({ message: "long ago", $id: 0 });
  await world.clock.pass(1);
  socket.deliver({ message: "unasked" });
  await world.clock.pass(30_000);
  for (const $id of [1, "b", 3]) world.sapa.send({ message: "Hai!", $id });
  world.sapa.send({ message: "without a name" });
  socket.deliver({ message: "Halo!", $id: "b" });
  socket.cut();
  assert.deepEqual(world.told.unanswered, [[1, 3]]);
});

test("an ask gets the first reply; others are messages", async () => {
  const world = new World();
  const socket = world.connected();
  const reply = world.sapa.ask({ message: "Hai!" });
  const { $id } = socket.sent[0];
  socket.deliver({ message: "one", $id });
  socket.deliver({ message: "two", $id });
  assert.deepEqual(await reply, { message: "one", $id });
  assert.deepEqual(world.told.message.map(({ message }) => message?.message), ["two"]);
});

test("an ask fails with the server's code, or with why there was no reply", async () => {
  const world = new World();
  const code = (/** @type {Promise<unknown>} */ asked) =>
    asked.then(
      () => assert.fail("was answered"),
      (error) => (assert.ok(error instanceof AskError), error.code),
    );
  assert.equal(await code(world.sapa.ask({})), "not_connected");
  const socket = world.connected();
  const refused = code(world.sapa.ask({}));
  socket.deliver({ error: { code: "invalid_message", message: "No." }, $id: socket.last?.$id });
  assert.equal(await refused, "invalid_message");
  const late = code(world.sapa.ask({}));
  world.answersPings = true;
  await world.clock.pass(30_000);
  assert.equal(await late, "timeout");
  const lost = code(world.sapa.ask({}));
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
  const world = new World();
  const fault = new Error("listener");
  const stop = world.sapa.on("state", () => {
    throw fault;
  });
  world.sapa.start();
  stop();
  world.socket.open();
  assert.deepEqual(complaints, [fault]);
  assert.deepEqual(world.states, ["connecting", "connected"]);
});
