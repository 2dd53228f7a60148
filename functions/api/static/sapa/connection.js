// @ts-check
/**
 * One connection made of many sockets: reconnects with backoff and jitter after any close, and
 * opens the next socket before API Gateway closes the present one at the age of 2 hours.
 * Knows nothing of what is said, only that a new socket may have to `resume` first.
 */

import { backoff, BACKOFF_CEILING_MS } from "./backoff.js";
import { Timers } from "./environment.js";
import { Line } from "./line.js";

/** @typedef {import("./line.js").End} End */
/** @typedef {import("./line.js").Frame} Frame */
/** @typedef {import("./message.js").Message} Message */
/**
 * @typedef {(
 *   | { status: "connecting", attempt: number }
 *   | { status: "connected" }
 *   | { status: "waiting", retryAt: number, attempt: number, offline: boolean }
 *   | { status: "closed", reason: "stopped" | "session_ended" }
 * )} ConnectionState `retryAt` is in milliseconds, as `Date.now()` counts.
 */
/** @typedef {"alive" | "ended" | "unknown"} SessionState */
/**
 * @typedef {object} ConnectionOptions
 * @property {string} url
 * @property {() => Promise<SessionState>} checkSession asked after a failed handshake
 * @property {number} lifetimeMs
 * @property {number} warp
 * @property {import("./environment.js").Environment} environment
 * @property {() => void} resume on a new socket, asks for what was missed and then calls `resumed`
 * @property {() => void} resumeLost the socket that was asked is gone
 * @property {() => void} watchGaps but the one before it still serves
 * @property {(state: ConnectionState) => void} onState
 * @property {(text: string, message: Message | null) => void} onText
 * @property {(frame: Frame) => void} onFrame
 * @property {(ids: End["unanswered"]) => void} onUnanswered
 */

/** A connection that lived this long was a good one: the backoff starts afresh after it. */
const STABLE_AFTER_MS = 10_000;
/** A page that is looked at again trusts a socket that was silent for less. */
const TRUSTED_SILENCE_MS = 20_000;
/** A reply may say that a channel was joined or left; so long is waited for it before a resume. */
const LAST_WORDS_MS = 5_000;

export class Connection {
  #options;
  #timers;
  /** @type {ConnectionState} */ #state = { status: "closed", reason: "stopped" };
  /** Aborted by `stop`; carries the listeners for network and visibility. */
  #life = new AbortController();
  /** Connecting, or what the application speaks through. @type {Line | null} */
  #line = null;
  /** Connecting, to replace `#line`. @type {Line | null} */
  #next = null;
  /** Replaced, but listened to until `#line` has caught up. @type {Line | null} */
  #former = null;
  /** Only their last replies are waited for. @type {Set<Line>} */
  #retired = new Set();
  #attempt = 0;
  #renewal = 0;

  /** @param {ConnectionOptions} options */
  constructor(options) {
    this.#options = options;
    this.#timers = new Timers(options.environment);
  }

  get state() {
    return this.#state;
  }

  start() {
    if (this.#state.status !== "closed") return;
    this.#life = new AbortController();
    const network = {
      online: () => this.#wake(),
      offline: () => this.#line?.probe(),
      visible: () => this.#becameVisible(),
    };
    this.#options.environment.listen(network, this.#life.signal);
    this.#attempt = 0;
    this.#connect();
  }

  /** @param {"stopped" | "session_ended"} [reason] */
  stop(reason = "stopped") {
    if (this.#state.status === "closed") return;
    this.#life.abort();
    this.#timers.clear();
    const lines = [...this.#retired, this.#former, this.#line, this.#next];
    this.#retired.clear();
    this.#line = this.#next = this.#former = null;
    this.#options.resumeLost();
    this.#options.onUnanswered(lines.flatMap((line) => line?.close(1000, "bye") ?? []));
    this.#enter({ status: "closed", reason });
  }

  /** Whether more than one socket may be in channels. */
  get overlaps() {
    return this.#former !== null || this.#retired.size > 0;
  }

  retryNow() {
    if (this.#state.status === "waiting") this.#connect();
  }

  /** Sends for the application. @type {Line["send"]} */
  send(message, settle) {
    return this.#line?.send(message, settle) ?? false;
  }

  /** Sends for the connection itself. @param {Message} message */
  control(message) {
    return this.#line?.control(message) ?? false;
  }

  /** All that `resume` asked for has come: the socket before is not needed any more. */
  resumed() {
    const former = this.#former;
    if (!former) return;
    this.#former = null;
    this.#renewal = 0;
    this.#retired.add(former);
    former.retire();
  }

  #connect() {
    this.#timers.cancel("retry");
    this.#enter({ status: "connecting", attempt: this.#attempt });
    this.#line = this.#dial();
  }

  #dial() {
    const { url, warp, environment, onText, onFrame } = this.#options;
    /** @type {Line} */
    const line = new Line({
      ...{ url, warp, environment, onText, onFrame },
      onOpen: () => this.#opened(line),
      onEnd: (end) => this.#ended(line, end),
    });
    return line;
  }

  /** @param {Line} line */
  #opened(line) {
    this.#timers.after("renew", this.#options.lifetimeMs / this.#options.warp, () => this.#renew());
    if (line === this.#next) return this.#takeOver(line);
    this.#options.resume();
    this.#enter({ status: "connected" });
  }

  #renew() {
    if (this.#line?.isOpen && !this.#former && !this.#next) this.#next = this.#dial();
  }

  /** From here on the application speaks through `line`. @param {Line} line */
  #takeOver(line) {
    this.#next = null;
    this.#former = this.#line;
    this.#line = line;
    this.#former?.whenAnswered(LAST_WORDS_MS, () => this.#former && this.#options.resume());
  }

  /** A socket is gone or as good as gone. @param {Line} line @param {End} end */
  #ended(line, { opened, unanswered }) {
    const age = line.age;
    this.#options.onUnanswered(unanswered);
    if (line === this.#next) void this.#nextFailed();
    else if (line === this.#former) {
      this.#former = null;
      this.#options.resume();
    } else if (line === this.#line) void this.#lost(opened, age);
    else this.#retired.delete(line);
  }

  /** The present socket still serves; try again to have the next one in time. */
  async #nextFailed() {
    this.#next = null;
    this.#renewSoon();
    await this.#sessionEnded();
  }

  #renewSoon() {
    const delay = backoff((this.#renewal += 1), this.#options.environment.random);
    this.#timers.after("renew", delay, () => this.#renew());
  }

  /** @param {boolean} opened @param {number} age */
  async #lost(opened, age) {
    if (this.#former) return this.#fallBack(this.#former);
    this.#options.resumeLost();
    this.#line = this.#next;
    this.#next = null;
    if (this.#line) return this.#enter({ status: "connecting", attempt: this.#attempt });
    if (opened && age >= STABLE_AFTER_MS) this.#attempt = 0;
    if (!opened && (await this.#sessionEnded())) return;
    this.#waitAndRetry();
  }

  /** The new socket ended before it had caught up, and the one before is still there. @param {Line} former */
  #fallBack(former) {
    this.#line = former;
    this.#former = null;
    this.#options.resumeLost();
    this.#options.watchGaps();
    this.#renewSoon();
  }

  /** Stops when the failed handshake meant "no longer logged in"; true also when stopped meanwhile. */
  async #sessionEnded() {
    const { signal } = this.#life;
    const answer = await this.#options.checkSession();
    if (signal.aborted) return true;
    if (answer === "ended") this.stop("session_ended");
    return answer === "ended";
  }

  #waitAndRetry() {
    const { now, online, random } = this.#options.environment;
    // A hint only: a laptop without network still reaches a gateway on itself, so we keep trying.
    const offline = !online();
    const delay = offline ? BACKOFF_CEILING_MS : backoff(this.#attempt, random);
    this.#attempt += 1;
    this.#enter({ status: "waiting", retryAt: now() + delay, attempt: this.#attempt, offline });
    this.#timers.after("retry", delay, () => this.#connect());
  }

  /** The network is back, or may have changed under an open socket. */
  #wake() {
    if (this.#state.status !== "waiting") return this.#line?.probe();
    // Everyone who was cut off hears the same event: spread the return over a second.
    this.#timers.after("retry", this.#options.environment.random() * 1000, () => this.#connect());
  }

  /** Timers sleep with a hidden page or a closed lid; look again when it is back. */
  #becameVisible() {
    if (this.#state.status === "waiting") this.retryNow();
    else if (this.#line && this.#line.silence > TRUSTED_SILENCE_MS) this.#line.probe();
  }

  /** @param {ConnectionState} state */
  #enter(state) {
    this.#state = state;
    this.#options.onState(state);
  }
}
