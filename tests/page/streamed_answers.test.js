// @ts-check
/** Answers of streaming processes: parts in order, holes filled, stopped, silent, found again. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { event, FakeBrowser, settled } from "./fake_browser.js";

/** @typedef {import("./fake_browser.js").FakeSocket} FakeSocket */
/** @typedef {import("./fake_browser.js").Json} Json */

const SESSION = { username: "ana", expires_at: 1 };

/** @param {number} number @param {Json} [content] @param {string} [id] */
function part(number, content = { message: `${number}` }, id = "A") {
  return event(number, `answer:${id}`, content);
}

/** Asks, and gives what is handed over. @param {FakeBrowser} browser @param {AbortSignal} [signal] */
function asked(browser, signal) {
  /** @type {unknown[]} */
  const seen = [];
  void browser.sapa
    .ask({ topic: "river" }, { onPart: ({ message }) => seen.push(message), onEnd: (end) => seen.push(end.status), signal })
    .catch((error) => seen.push(error.name));
  return seen;
}

/** @param {FakeSocket} socket @param {string} [id] */
function accept(socket, id = "A") {
  const $id = socket.sent.findLast(({ topic }) => topic !== undefined)?.$id;
  socket.deliver({ $answer: id, $channel: `answer:${id}`, $id });
}

/** @param {AsyncIterable<Json>} parts */
async function collected(parts) {
  const all = [];
  for await (const each of parts) all.push(each);
  return all;
}

/** The positions of the last `$resume`. @param {FakeSocket} socket */
function resumed(socket) {
  return socket.sent.findLast(({ $resume }) => $resume)?.$resume;
}

test("parts are handed over once and in order, also those that came before `$answer`", async () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  const seen = asked(browser);
  for (const number of [2, 1]) socket.deliver(part(number));
  accept(socket);
  for (const number of [4, 4, 3, 2]) socket.deliver(part(number));
  socket.deliver(part(6, { $end: "done" }));
  assert.deepEqual(seen, ["1", "2", "3", "4"]);
  socket.deliver(part(5));
  socket.deliver(part(5));
  assert.deepEqual(seen, ["1", "2", "3", "4", "5", "done"]);
  assert.deepEqual([browser.reported.event, browser.reported.message, browser.sapa.channels], [[], [], []]);
  assert.ok(socket.sent[0].$once, "it is asked for once");
});

test("a hole is filled by a resume, however often it takes", async () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  browser.answersPings = true;
  const seen = asked(browser);
  accept(socket);
  for (const number of [1, 3]) socket.deliver(part(number));
  for (let time = 0; time < 8; time += 1) {
    await browser.clock.pass(60_000);
    assert.deepEqual(resumed(socket), { "answer:A": 1 });
    socket.deliver({ $resumed: { "answer:A": 3 }, $members: {}, $id: socket.last?.$id });
  }
  for (const number of [2, 3]) socket.deliver(part(number));
  assert.deepEqual(seen, ["1", "2", "3"]);
});

test("a running answer is resumed on the next socket, an ended one is not", async () => {
  const browser = new FakeBrowser();
  const first = browser.connected();
  const seen = asked(browser);
  accept(first);
  for (const number of [1, 2]) first.deliver(part(number));
  first.cut();
  const second = await browser.reconnected();
  assert.deepEqual(resumed(second), { "answer:A": 2 });
  second.deliver(part(3, { $end: "done" }));
  second.deliver({ $resumed: { "answer:A": 3 }, $members: {}, $id: second.last?.$id });
  second.cut();
  assert.equal(resumed(await browser.reconnected()), undefined);
  assert.deepEqual(seen, ["1", "2", "done"]);
});

test("silence of 25 s asks for more, and a sign of work puts that off", async () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  browser.answersPings = true;
  let signs = 0;
  void browser.sapa.ask({ topic: "" }, { onPart: () => {}, onWorking: () => (signs += 1) });
  accept(socket);
  await browser.clock.pass(20_000);
  socket.deliver({ $channel: "answer:A", $working: true });
  await browser.clock.pass(24_999);
  assert.equal(resumed(socket), undefined);
  await browser.clock.pass(1);
  assert.deepEqual(resumed(socket), { "answer:A": 0 });
  assert.equal(signs, 1);
});

test("a signal stops the answer, if need be on the next socket", async () => {
  const browser = new FakeBrowser();
  const first = browser.connected();
  const stop = new AbortController();
  const seen = asked(browser, stop.signal);
  accept(first);
  await settled();
  stop.abort();
  assert.equal(first.last?.$stop, "A");
  first.cut();
  const second = await browser.reconnected();
  const { $id } = second.sent.find(({ $stop }) => $stop === "A") ?? {};
  second.deliver({ error: { code: "rate_limited", message: "…", retry_after_ms: 500 }, $id });
  await browser.clock.pass(500);
  assert.equal(second.last?.$stop, "A");
  second.deliver({ $stopping: "A", $id: second.last?.$id });
  second.deliver(part(1, { $end: "stopped" }));
  assert.deepEqual(seen, ["stopped"]);
});

test("a signal before `$answer` gives the ask up, and stops the answer when it is there", async () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  const stop = new AbortController();
  const seen = asked(browser, stop.signal);
  stop.abort();
  await settled();
  assert.deepEqual(seen, ["AbortError"]);
  accept(socket);
  assert.equal(socket.last?.$stop, "A");
});

test("an answer that the server does not have is failed", async () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  /** @type {unknown[]} */
  const ends = [];
  browser.sapa.follow("B", { onEnd: ({ status, error }) => ends.push([status, error?.code]) });
  const { $id } = socket.last ?? {};
  socket.deliver({ error: { code: "forbidden_channel", message: "…" }, $id });
  socket.deliver({ $resumed: {}, $members: {}, $id });
  browser.sapa.follow("C", { onEnd: ({ status, error }) => ends.push([status, error?.code]) });
  browser.sapa.stopAnswer("C");
  socket.deliver({ error: { code: "unknown_answer", message: "…" }, $id: socket.last?.$id });
  assert.deepEqual(ends, [["failed", "forbidden_channel"], ["failed", "unknown_answer"]]);
  assert.deepEqual(browser.reported.left, []);
});

test("a loop gets the parts; leaving it stops the answer, and a failed answer raises", async () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  const whole = collected(browser.sapa.stream({ topic: "" }));
  accept(socket);
  for (const frame of [part(1), part(2, { step: 2 }), part(3, { $end: "done" })]) socket.deliver(frame);
  assert.deepEqual(await whole, [{ message: "1" }, { step: 2 }]);

  const first = browser.sapa.stream({ topic: "" });
  const next = first.next();
  accept(socket, "B");
  socket.deliver(part(1, { message: "one" }, "B"));
  assert.deepEqual((await next).value, { message: "one" });
  await first.return();
  assert.equal(socket.last?.$stop, "B");

  const failed = collected(browser.sapa.stream({ topic: "" }));
  accept(socket, "C");
  const error = { code: "interrupted", message: "…" };
  socket.deliver(part(1, { $end: "failed", error }, "C"));
  await assert.rejects(failed, { code: "interrupted" });

  const plain = collected(browser.sapa.stream({ topic: "" }));
  socket.deliver({ message: "Halo!", $id: socket.last?.$id });
  await assert.rejects(plain, { code: "no_stream" });
  const refused = collected(browser.sapa.stream({ topic: "" }));
  socket.deliver({ error: { code: "too_many_answers", message: "…" }, $id: socket.last?.$id });
  await assert.rejects(refused, { code: "too_many_answers" });
});

test("after a reload the answers of this tab, and those that run elsewhere, are found and followed", async () => {
  const first = new FakeBrowser();
  first.sapa.enter(SESSION);
  first.sapa.send({ topic: "river", $id: 7 }, { once: true });
  accept(first.connected());
  const second = new FakeBrowser({}, undefined, first.storage);
  second.sapa.enter(SESSION);
  const socket = second.connected();
  const found = second.sapa.findAnswers();
  const described = { endpoint: "story", started_at: 5, status: "running", last: 2 };
  socket.deliver({ $answers: [{ id: "A", ...described }, { id: "B", ...described }], $id: socket.last?.$id });
  assert.deepEqual(
    (await found).map(({ id, startedAt, message }) => [id, startedAt, message]),
    [["A", 5, { topic: "river", $id: 7 }], ["B", 5, null]],
  );
  /** @type {unknown[]} */
  const seen = [];
  second.sapa.follow("A", { onPart: (_, number) => seen.push(number), onEnd: ({ status }) => seen.push(status) });
  assert.deepEqual(resumed(socket), { "answer:A": 0 });
  for (const frame of [part(1), part(2), part(3, { $end: "done" })]) socket.deliver(frame);
  assert.deepEqual(seen, [1, 2, "done"]);
  const none = second.sapa.findAnswers();
  socket.deliver({ $answers: [], $id: socket.last?.$id });
  assert.deepEqual(await none, []);
  assert.equal(second.storage.length, 0, "what the server does not keep is not kept here");
});

test("a handler that fails does not keep the rest from its part", async (t) => {
  const errors = t.mock.method(console, "error", () => {});
  const browser = new FakeBrowser();
  const socket = browser.connected();
  let ended = false;
  const onPart = () => {
    throw new Error("handler");
  };
  void browser.sapa.ask({ topic: "" }, { onPart, onEnd: () => (ended = true) });
  accept(socket);
  for (const frame of [part(1), part(2, { $end: "done" })]) socket.deliver(frame);
  assert.deepEqual([ended, errors.mock.callCount()], [true, 1]);
});

test("an answer that nobody follows costs no timers after its end, and none after a stop", async () => {
  const browser = new FakeBrowser();
  const socket = browser.connected();
  browser.sapa.send({ topic: "" });
  accept(socket);
  socket.deliver(part(1));
  browser.sapa.stop();
  assert.equal(browser.clock.timers, 0);
});

test("events wait for those before them, if that is wanted", async () => {
  const browser = new FakeBrowser({ inOrder: true });
  const socket = browser.connected();
  socket.deliver({ $joined: { "chat:lobby": 4 } });
  for (const number of [7, 6]) socket.deliver(event(number));
  assert.deepEqual(browser.sequences(), []);
  socket.deliver(event(5));
  assert.deepEqual(browser.sequences(), [5, 6, 7]);
  socket.deliver(event(9));
  socket.deliver({ $gap: { "chat:lobby": { from: 8, to: 8 } } });
  assert.deepEqual(browser.sequences(), [5, 6, 7, 9], "what is lost is not waited for");
  assert.equal(browser.reported.gap.length, 1);
});
