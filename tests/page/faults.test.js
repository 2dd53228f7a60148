// @ts-check
/** Whatever the network does, each event and part arrives once, and each effect happens once. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { FakeServer } from "./fake_server.js";
import { FakeBrowser, FakeClock, FakeStorage, seeded } from "./fake_browser.js";

const CHANNELS = ["chat:lobby", "price:EURUSD"];
const PAGES = 2;
const SEEDS = 12;
const MINUTE_MS = 60_000;
/** 10 times sooner: a quiet socket is pinged after 24 s, and replaced at the age of 40 s. */
const OPTIONS = { warp: 10, lifetimeMs: 400_000 };

/** A page that joins all channels as soon as it can, and keeps what it was reported. */
class Page {
  /** @type {Map<string, number[]>} */ known = new Map();

  /** @param {FakeServer} server @param {FakeClock} clock @param {() => number} random */
  constructor(server, clock, random) {
    this.browser = new FakeBrowser(OPTIONS, clock);
    this.browser.random = random;
    const { sockets, sapa } = this.browser;
    let met = 0;
    sapa.on("frame", ({ text }) => {
      if (text.startsWith("connecting")) clock.setTimeout(() => server.meet(sockets[met++]), 0);
    });
    sapa.on("state", ({ status }) => status === "connected" && void this.join());
    sapa.start();
  }

  async join() {
    for (const channel of CHANNELS) {
      if (this.known.has(channel)) continue;
      // One that fails is tried again on the next connection, or by whoever calls this next.
      const reply = await this.browser.sapa.ask({ join: channel }).catch(() => null);
      if (!reply || this.known.has(channel)) continue;
      const known = /** @type {number[]} */ (reply.known);
      this.browser.sapa.remember(channel, known);
      this.known.set(channel, known);
    }
  }
}

for (let seed = 1; seed <= SEEDS; seed += 1) {
  test(`each event arrives once (seed ${seed})`, async () => {
    const random = seeded(seed);
    const clock = new FakeClock();
    const server = new FakeServer(clock, random);
    const pages = Array.from({ length: PAGES }, () => new Page(server, clock, random));
    for (const end = clock.now + 4 * MINUTE_MS; clock.now < end; ) {
      await clock.pass(random() * 800);
      const dice = random();
      if (dice < 0.04) server.harm();
      else if (dice < 0.8) server.publish(CHANNELS[dice < 0.5 ? 0 : 1]);
    }
    server.faulty = false;
    await clock.pass(3 * MINUTE_MS);
    for (const page of pages) await Promise.all([page.join(), clock.pass(MINUTE_MS)]);
    for (const channel of CHANNELS) server.publish(channel);
    await clock.pass(2 * MINUTE_MS);
    for (const page of pages) assertComplete(page, server);
  });
}

/** @param {Page} page @param {FakeServer} server */
function assertComplete({ browser, known }, server) {
  assert.ok(browser.sockets.length >= 5, "sockets came and went");
  assert.deepEqual([browser.reported.gap, browser.reported.left, browser.reported.message], [[], [], []]);
  for (const channel of CHANNELS) {
    const published = server.published(channel);
    assert.ok(published.length > 50);
    const joinedKnowing = known.get(channel);
    assert.ok(joinedKnowing, `${channel} was joined`);
    const seen = browser.sequences(channel);
    assert.equal(new Set(seen).size, seen.length, `${channel} has no event twice`);
    const all = new Set([...seen, ...joinedKnowing.filter((sequence) => sequence > 0)]);
    const missing = published.filter((sequence) => !all.has(sequence));
    assert.deepEqual(missing, [], `${channel} has every event`);
    assert.equal(all.size, published.length);
  }
}

/** A page that says and asks, and goes on after each reload with what its tab has kept. */
class TalkingPage {
  storage = new FakeStorage();
  /** What it was given of each answer since the last reload. @type {Map<string, (string | number)[]>} */ seen = new Map();
  /** The `$id`s to which no answer came in many tries. @type {unknown[]} */ expired = [];

  /** @param {FakeServer} server @param {FakeClock} clock @param {() => number} random */
  constructor(server, clock, random) {
    this.server = server;
    this.clock = clock;
    this.random = random;
    this.browser = this.load();
  }

  load() {
    const browser = new FakeBrowser(OPTIONS, this.clock, this.storage);
    browser.random = this.random;
    this.seen = new Map();
    const { sockets, sapa } = browser;
    let met = 0;
    sapa.on("frame", ({ text }) => {
      if (text.startsWith("connecting")) this.clock.setTimeout(() => this.server.meet(sockets[met++]), 0);
    });
    sapa.on("message", ({ message }) => this.follow(message?.$answer));
    sapa.on("expired", (ids) => this.expired.push(...ids));
    sapa.on("state", ({ status }) => status === "connected" && void this.find());
    sapa.enter({ username: "ana", expires_at: 1 });
    sapa.start();
    return browser;
  }

  reload() {
    this.browser.sapa.stop();
    this.browser = this.load();
  }

  async find() {
    const answers = await this.browser.sapa.findAnswers().catch(() => []);
    for (const { id, message } of answers) if (message) this.follow(id);
  }

  /** @param {unknown} id */
  follow(id) {
    if (typeof id !== "string" || this.seen.has(id)) return;
    /** @type {(string | number)[]} */
    const seen = [];
    this.seen.set(id, seen);
    this.browser.sapa.follow(id, {
      onPart: (_, number) => seen.push(number),
      onEnd: ({ status }) => seen.push(status),
    });
  }
}

for (let seed = 1; seed <= SEEDS; seed += 1) {
  test(`each part arrives once and in order, and each effect happens once (seed ${seed})`, async () => {
    const random = seeded(seed);
    const clock = new FakeClock();
    const server = new FakeServer(clock, random);
    const page = new TalkingPage(server, clock, random);
    /** @type {string[]} */
    const said = [];
    let asked = 0;
    for (const end = clock.now + 5 * MINUTE_MS; clock.now < end; ) {
      await clock.pass(random() * 2_000);
      const dice = random();
      if (dice < 0.06) server.harm();
      else if (dice < 0.08) page.reload();
      else if (dice < 0.12) {
        asked += 1;
        page.browser.sapa.send({ story: 20 + Math.floor(random() * 60) }, { once: true });
      } else if (dice < 0.5) {
        said.push(`effect ${said.length}`);
        page.browser.sapa.send({ effect: said.at(-1), $id: said.at(-1) }, { once: true });
      } else if (dice < 0.52) page.browser.sapa.stopAnswer([...page.seen.keys()].at(-1) ?? "");
    }
    server.faulty = false;
    await clock.pass(10 * MINUTE_MS);
    assert.equal(new Set(server.effects).size, server.effects.length, "no effect happened twice");
    const missing = said.filter((effect) => !server.effects.includes(effect));
    assert.deepEqual(missing.filter((effect) => !page.expired.includes(effect)), [], "none is missing without a word");
    assert.ok(page.expired.length <= 2);
    assert.deepEqual(page.browser.sapa.outbox, []);
    assert.ok(server.stories.size >= asked - page.expired.length && server.stories.size <= asked);
    page.reload();
    await clock.pass(2 * MINUTE_MS);
    // An answer that was accepted in vain is known to the server alone.
    const accepted = server.stories.size - page.expired.length;
    assert.ok(page.seen.size >= Math.min(accepted, 10), "the answers of this tab are found again");
    for (const [id, seen] of page.seen) {
      const story = server.stories.get(id);
      assert.ok(story);
      const numbers = Array.from({ length: story.parts.length - 1 }, (_, index) => index + 1);
      assert.deepEqual(seen, [...numbers, story.status], id);
    }
  });
}
