// @ts-check
/** A browser for `sapa.js` in which nothing happens by itself: clock, chance, network and sockets. */

import { Sapa } from "../../functions/api/static/sapa.js";

/** @typedef {import("../../functions/api/static/sapa.js").SapaEvents} SapaEvents */
/** @typedef {import("../../functions/api/static/sapa.js").SapaOptions} SapaOptions */
/** @typedef {Record<string, any>} Json */

export class FakeClock {
  now = 1_000_000;
  #count = 0;
  /** @type {Map<number, { at: number, action: () => void }>} */ #timers = new Map();

  setTimeout = (/** @type {() => void} */ action, /** @type {number} */ ms) => {
    this.#timers.set((this.#count += 1), { at: this.now + Math.max(0, ms), action });
    return this.#count;
  };

  clearTimeout = (/** @type {number} */ timer) => void this.#timers.delete(timer);

  get timers() {
    return this.#timers.size;
  }

  /** Lets time pass, and in it all that is due. @param {number} ms */
  async pass(ms) {
    const until = this.now + ms;
    for (let next = this.#due(until); next; next = this.#due(until)) {
      const [timer, { at, action }] = next;
      this.#timers.delete(timer);
      this.now = Math.max(this.now, at);
      action();
      await settled();
    }
    this.now = until;
    await settled();
  }

  /** @param {number} until */
  #due(until) {
    /** @type {[number, { at: number, action: () => void }] | undefined} */
    let first;
    for (const entry of this.#timers) {
      if (entry[1].at <= until && (!first || entry[1].at < first[1].at)) first = entry;
    }
    return first;
  }
}

/** Lets what promises have promised happen. */
export async function settled() {
  for (let turn = 0; turn < 8; turn += 1) await null;
}

export class FakeSocket extends EventTarget {
  readyState = 0;
  /** What the page has sent. @type {Json[]} */ sent = [];
  /** What the other side does with a message. @type {(message: Json) => void} */
  onSent = () => {};
  /** @type {{ code: number, reason: string } | null} */ closedByPage = null;
  onClosed = () => {};

  /** @param {string} url */
  constructor(url) {
    super();
    this.url = url;
  }

  /** @param {string} text */
  send(text) {
    const message = JSON.parse(text);
    this.sent.push(message);
    this.onSent(message);
  }

  close(code = 1005, reason = "") {
    this.readyState = 3;
    this.closedByPage = { code, reason };
    this.onClosed();
  }

  open() {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  /** @param {Json | string} frame */
  deliver(frame) {
    if (this.readyState !== 1) return;
    const data = typeof frame === "string" ? frame : JSON.stringify(frame);
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  /** The network or the server ends it. */
  cut(code = 1006, reason = "") {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason }));
  }

  /** What was sent last, but pings. */
  get last() {
    return this.sent.filter((message) => !("$ping" in message)).at(-1);
  }

  get pings() {
    return this.sent.filter((message) => "$ping" in message);
  }
}

/** The module in a page: its sockets, and every event that it reported. */
export class FakeBrowser {
  clock = new FakeClock();
  /** @type {FakeSocket[]} */ sockets = [];
  /** @type {{ [Name in keyof SapaEvents]: SapaEvents[Name][] }} */
  reported = {
    ...{ state: [], silent: [], message: [], unanswered: [], expired: [], frame: [] },
    ...{ joined: [], event: [], presence: [], members: [], gap: [], left: [] },
  };
  /** @type {import("../../functions/api/static/sapa/environment.js").NetworkListeners | null} */
  network = null;
  isOnline = true;
  answersPings = false;
  random = () => 0.5;

  /** @param {Partial<SapaOptions>} [options] @param {FakeClock} [clock] */
  constructor(options = {}, clock = this.clock) {
    this.clock = clock;
    const browser = this;
    class Socket extends FakeSocket {
      /** @param {string} url */
      constructor(url) {
        super(url);
        browser.sockets.push(this);
        this.onSent = (/** @type {Json} */ message) => browser.#answerPing(this, message);
      }
    }
    const { environment, ...others } = options;
    this.sapa = new Sapa({
      url: "ws://sapa.test/ws",
      environment: {
        WebSocket: /** @type {any} */ (Socket),
        setTimeout: clock.setTimeout,
        clearTimeout: clock.clearTimeout,
        now: () => clock.now,
        random: () => this.random(),
        online: () => this.isOnline,
        listen: (listeners, signal) => {
          this.network = listeners;
          signal.addEventListener("abort", () => (this.network = null));
        },
        ...environment,
      },
      ...others,
    });
    this.#listen();
  }

  /** @param {FakeSocket} socket @param {Json} message */
  #answerPing(socket, { $ping }) {
    if (!this.answersPings || $ping === undefined) return;
    queueMicrotask(() => socket.deliver({ $pong: $ping }));
  }

  #listen() {
    for (const name of /** @type {(keyof SapaEvents)[]} */ (Object.keys(this.reported))) {
      this.sapa.on(name, (detail) => /** @type {unknown[]} */ (this.reported[name]).push(detail));
    }
  }

  /** The youngest socket. */
  get socket() {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("no socket was made yet");
    return socket;
  }

  get openSockets() {
    return this.sockets.filter(({ readyState }) => readyState < 2).length;
  }

  get states() {
    return this.reported.state.map(({ status }) => status);
  }

  /** The sequence numbers seen in a channel, by arrival. */
  sequences(channel = "chat:lobby") {
    return this.reported.event
      .filter((event) => event.channel === channel)
      .map(({ sequence }) => Number(sequence));
  }

  /** Starts, with an open socket. */
  connected() {
    this.sapa.start();
    this.socket.open();
    return this.socket;
  }

  /** Reconnects after the socket was cut. */
  async reconnected() {
    await this.clock.pass(31_000);
    this.socket.open();
    return this.socket;
  }
}

/** A frame that carries an event. */
export function event(/** @type {number} */ $sequence, $channel = "chat:lobby", payload = {}) {
  return { $channel, $sequence, $sent_at: 1_700_000_000_000 + $sequence, ...payload };
}

/** A generator of chance that always draws the same: mulberry32. @param {number} seed */
export function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
