// @ts-check
/** The planned change to a younger socket, before API Gateway's 2 hours are over. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { event, World } from "./world.js";

const LOBBY = "chat:lobby";
const LIFETIME_MS = 115 * 60_000;

/** A world whose page is in the lobby, at the moment when the next socket begins to connect. */
async function renewing(/** @type {Partial<import("./world.js").SapaOptions>} */ options = {}) {
  const world = new World(options);
  world.answersPings = true;
  const old = world.connected();
  world.sapa.remember(LOBBY, 40);
  const lifetime = (options.lifetimeMs ?? LIFETIME_MS) / (options.warp ?? 1);
  await world.clock.pass(lifetime - 1);
  assert.equal(world.sockets.length, 1, "not before its time");
  await world.clock.pass(1);
  assert.equal(world.sockets.length, 2);
  return { world, old, next: world.socket };
}

test("the next socket resumes, then the old one is closed, and nothing shows of it", async () => {
  const { world, old, next } = await renewing();
  old.deliver(event(41));
  next.open();
  assert.deepEqual(next.sent, [{ $resume: { [LOBBY]: 41 }, $id: "sapa-1" }]);
  for (const socket of [old, next, old]) socket.deliver(event(42));
  await world.clock.pass(5_000);
  assert.equal(old.readyState, 1, "kept until the resume is answered");
  next.deliver({ $resumed: { [LOBBY]: 42 }, $members: {}, $id: "sapa-1" });
  old.deliver(event(43));
  await world.clock.pass(1_000);
  assert.deepEqual(old.closedByPage, { code: 1000, reason: "" });
  next.deliver(event(43));
  next.deliver(event(44));
  assert.deepEqual(world.sequences(), [41, 42, 43, 44]);
  assert.deepEqual(world.states, ["connecting", "connected"]);
  assert.equal(world.openSockets, 1);
});

test("it happens again and again", async () => {
  const { world, next } = await renewing();
  next.open();
  next.deliver({ $resumed: { [LOBBY]: 40 }, $id: "sapa-1" });
  await world.clock.pass(LIFETIME_MS);
  assert.equal(world.sockets.length, 3);
});

test("without channels there is nothing to wait for", async () => {
  const world = new World({ lifetimeMs: 60_000 });
  const old = world.connected();
  await world.clock.pass(60_000);
  world.socket.open();
  await world.clock.pass(1_000);
  assert.deepEqual(world.socket.sent, []);
  assert.equal(old.readyState, 3);
  assert.equal(world.openSockets, 1);
});

test("a warped clock brings it and the pings sooner", async () => {
  const { world, old } = await renewing({ warp: 100 });
  assert.equal(world.clock.now, 1_000_000 + 69_000);
  assert.ok(old.pings.length >= 20, "an idle limit of 10 minutes is 6 s now");
});

test("messages go to the new socket from its handshake on", async () => {
  const { world, old, next } = await renewing();
  world.sapa.send({ message: "one", $id: 1 });
  next.open();
  world.sapa.send({ message: "two", $id: 2 });
  assert.equal(old.last?.message, "one");
  assert.equal(next.last?.message, "two");
});

test("the old socket stays for replies that are due, and their further frames", async () => {
  const { world, old, next } = await renewing();
  const asked = world.sapa.ask({ message: "slow" });
  const $id = old.last?.$id;
  next.open();
  await world.clock.pass(6_000);
  next.deliver({ $resumed: { [LOBBY]: 40 }, $id: next.last?.$id });
  await world.clock.pass(10_000);
  old.deliver({ message: "at last", $id });
  assert.deepEqual(await asked, { message: "at last", $id });
  await world.clock.pass(500);
  old.deliver({ message: "and more", $id });
  assert.equal(world.told.message.length, 1);
  await world.clock.pass(2_000);
  assert.equal(old.readyState, 3);
  assert.deepEqual(world.told.unanswered, []);
});

test("replies that never come are not waited for longer than they may take", async () => {
  const { world, old, next } = await renewing();
  world.sapa.send({ message: "no reply" });
  next.open();
  await world.clock.pass(6_000);
  next.deliver({ $resumed: { [LOBBY]: 40 }, $id: next.last?.$id });
  await world.clock.pass(31_000);
  assert.equal(old.readyState, 3);
});

test("a channel that is being joined or left on the old socket is known before the resume", async () => {
  const { world, old, next } = await renewing();
  world.sapa.send({ join: "chat:new", $id: 1 });
  world.sapa.send({ leave: LOBBY, $id: 2 });
  next.open();
  assert.deepEqual(next.sent, []);
  old.deliver({ joined: "chat:new", $id: 1 });
  world.sapa.remember("chat:new", 7);
  old.deliver({ left: LOBBY, $id: 2 });
  world.sapa.forget(LOBBY);
  await world.clock.pass(2_000);
  assert.deepEqual(next.last?.$resume, { "chat:new": 7 });
});

test("a channel learned even later, while the old socket is still there, is asked for at once", async () => {
  const { world, old, next } = await renewing();
  world.sapa.send({ join: "chat:new", $id: 1 });
  next.open();
  await world.clock.pass(5_000);
  next.deliver({ $resumed: { [LOBBY]: 40 }, $id: next.last?.$id });
  old.deliver({ joined: "chat:new", $id: 1 });
  world.sapa.remember("chat:new", 7);
  assert.deepEqual(next.last?.$resume, { "chat:new": 7 });
});

test("a next socket that fails is tried again while the old one serves", async () => {
  const { world, old, next } = await renewing();
  next.cut();
  await world.clock.pass(1_000);
  assert.equal(world.sockets.length, 3);
  world.socket.cut();
  await world.clock.pass(2_000);
  assert.equal(world.sockets.length, 4);
  old.deliver(event(41));
  assert.deepEqual(world.sequences(), [41]);
  assert.deepEqual(world.states, ["connecting", "connected"]);
});

test("a next socket that ends before it has caught up gives the page back to the old one", async () => {
  const { world, old, next } = await renewing();
  next.open();
  world.sapa.send({ message: "Hai!", $id: 1 });
  next.cut();
  assert.deepEqual(world.told.unanswered, [[1]]);
  world.sapa.send({ message: "again", $id: 2 });
  assert.equal(old.last?.message, "again");
  old.deliver(event(42));
  await world.clock.pass(900);
  assert.equal(world.sockets.length, 3, "another one is on its way");
  world.socket.open();
  old.deliver({ message: "reply", $id: 2 });
  await world.clock.pass(2_000);
  assert.deepEqual(world.socket.last?.$resume, { [LOBBY]: 40 });
  assert.deepEqual(world.states, ["connecting", "connected"]);
});

test("gaps are looked after on the old socket when the next one is gone", async () => {
  const { world, old, next } = await renewing();
  old.deliver(event(42));
  next.open();
  next.cut();
  await world.clock.pass(2_000);
  assert.deepEqual(old.last?.$resume, { [LOBBY]: 40 });
});

test("an old socket that ends while the next one connects leaves one connecting", async () => {
  const { world, old, next } = await renewing();
  old.cut();
  assert.deepEqual(world.sapa.state, { status: "connecting", attempt: 0 });
  next.open();
  assert.deepEqual(next.last?.$resume, { [LOBBY]: 40 });
  await world.clock.pass(60_000);
  assert.equal(world.sockets.length, 2);
  assert.equal(world.sapa.state.status, "connected");
});

test("an old socket that ends during the resume is not missed", async () => {
  const { world, old, next } = await renewing();
  world.sapa.send({ message: "slow", $id: 1 });
  next.open();
  assert.deepEqual(next.sent, [], "still waiting for the old one's last words");
  old.cut();
  assert.deepEqual(world.told.unanswered, [[1]]);
  assert.deepEqual(next.last?.$resume, { [LOBBY]: 40 });
  assert.deepEqual(world.states, ["connecting", "connected"]);
});

test("a session that has ended is noticed by the next handshake", async () => {
  const { world, next } = await renewing({ checkSession: async () => "ended" });
  next.cut();
  await world.clock.pass(0);
  assert.deepEqual(world.sapa.state, { status: "closed", reason: "session_ended" });
  assert.equal(world.openSockets, 0);
});

test("stopping in the middle closes all sockets", async () => {
  const { world, next } = await renewing();
  next.open();
  world.sapa.stop();
  assert.deepEqual([world.openSockets, world.clock.timers], [0, 0]);
});
