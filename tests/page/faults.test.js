// @ts-check
/** Whatever the network does, every page has each event exactly once in the end. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { FakeServer } from "./fake_server.js";
import { FakeClock, seeded, FakeBrowser } from "./fake_browser.js";

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
