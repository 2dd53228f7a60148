// @ts-check
/**
 * A connection made of many sockets: reconnects with backoff and jitter after any close, and
 * opens the next socket before API Gateway closes the current socket after 2 hours.
 * Knows nothing of what is said, only that a new socket may have to `resume` first.
 */

import { backoff, BACKOFF_CEILING_MS } from "./backoff.js";
import { Timers } from "./environment.js";
import { isObject } from "./message.js";
import { Socket } from "./socket.js";

/** @typedef {import("./socket.js").End} End */
/** @typedef {import("./socket.js").Frame} Frame */
/** @typedef {import("./message.js").Message} Message */
/**
 * @typedef {(
 *   | { status: "connecting", attempt: number }
 *   | { status: "connected" }
 *   | { status: "waiting", retryAt: number, attempt: number, offline: boolean }
 *   | { status: "closed", reason: "stopped" | EndCode }
 * )} ConnectionState `retryAt` is in milliseconds, as `Date.now()` counts.
 */
/** @typedef {"session_ended" | "too_many_connections"} EndCode the server's reason, in its last frame */
/**
 * @typedef {"alive" | "ended" | "too_many_connections" | "unknown"} SessionState
 *   `too_many_connections`: it lives, but the server refuses a further connection of the user
 */
/**
 * @typedef {object} ConnectionOptions
 * @property {string} url
 * @property {() => Promise<SessionState>} checkSession asked after a failed handshake
 * @property {number} lifetimeMs
 * @property {number} warp
 * @property {import("./environment.js").Environment} environment
 * @property {() => void} resume on a new socket, asks for what was missed and then calls `resumed`
 * @property {() => void} resumeLost the socket that was asked is gone
 * @property {() => void} watchGaps the new socket is gone, but the previous socket still serves: look for gaps
 * @property {(state: ConnectionState) => void} onState
 * @property {(text: string, message: Message | null) => void} onText
 * @property {(frame: Frame) => void} onFrame
 * @property {(silent: boolean) => void} onSilent
 * @property {(ids: End["unanswered"]) => void} onExpired
 * @property {(ids: End["unanswered"]) => void} onUnanswered
 */

/** After a connection that lived this long the backoff starts from the beginning. */
const STABLE_AFTER_MS = 10_000;
/** A page that is looked at again trusts a socket that was silent for less. */
const TRUSTED_SILENCE_MS = 20_000;
/** A reply may say that a channel was joined or left; so long is waited for it before a resume. */
const LAST_WORDS_MS = 5_000;
/** A connection that closed a moment ago still counts: so long is waited before the second and last try. */
const COUNTED_MS = 4_000;

/**
 * Why the server closes the socket after this message, if it does: reconnecting would only be refused
 * or close another page's socket.
 *
 * @param {Message | null} message
 * @returns {EndCode | null}
 */
function endCodeOf(message) {
  const error = message?.error;
  const code = isObject(error) ? error.code : "";
  return code === "session_ended" || code === "too_many_connections" ? code : null;
}

export class Connection {
  #options;
  #timers;
  /** @type {ConnectionState} */ #state = { status: "closed", reason: "stopped" };
  /** Aborted by `stop`; carries the listeners for network and visibility. */
  #life = new AbortController();
  /** Connecting, or what the application speaks through. @type {Socket | null} */
  #socket = null;
  /** Connecting, to replace `#socket`. @type {Socket | null} */
  #next = null;
  /** Replaced, but listened to until `#socket` has caught up. @type {Socket | null} */
  #former = null;
  /** Only their last replies are waited for. @type {Set<Socket>} */
  #retired = new Set();
  #attempt = 0;
  #renewal = 0;
  /** Handshakes in a row that were refused because the user has too many connections. */
  #refusals = 0;

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
      offline: () => this.#socket?.probe(),
      visible: () => this.#becameVisible(),
    };
    this.#options.environment.listen(network, this.#life.signal);
    this.#attempt = 0;
    this.#refusals = 0;
    this.#connect();
  }

  /** @param {"stopped" | EndCode} [reason] */
  stop(reason = "stopped") {
    if (this.#state.status === "closed") return;
    this.#life.abort();
    this.#timers.clear();
    const sockets = [...this.#retired, this.#former, this.#socket, this.#next];
    this.#retired.clear();
    this.#socket = this.#next = this.#former = null;
    this.#options.resumeLost();
    this.#options.onUnanswered(sockets.flatMap((socket) => socket?.close(1000, "bye") ?? []));
    this.#enter({ status: "closed", reason });
  }

  /** Whether several sockets may be in channels at once. */
  get overlaps() {
    return this.#former !== null || this.#retired.size > 0;
  }

  retryNow() {
    if (this.#state.status === "waiting") this.#connect();
    else if (this.#state.status === "closed" && this.#state.reason === "too_many_connections") this.start();
  }

  /** Sends for the application. @type {Socket["send"]} */
  send(message, settle) {
    return this.#socket?.send(message, settle) ?? false;
  }

  /** Sends for the connection itself. @param {Message} message */
  control(message) {
    return this.#socket?.control(message) ?? false;
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
    this.#socket = this.#dial();
  }

  #dial() {
    const { url, warp, environment, onText, onFrame, onSilent, onExpired } = this.#options;
    /** @type {Socket} */
    const socket = new Socket({
      ...{ url, warp, environment, onFrame, onExpired },
      // Of the socket that the application speaks through; the others make way for it.
      onSilent: (silent) => (socket === this.#socket || !silent) && onSilent(silent),
      onText: (text, message) => {
        const code = endCodeOf(message);
        // The oldest socket may be one that is being replaced: the connection goes on without it.
        const replaced = socket !== this.#socket || this.#next !== null;
        if (code === "session_ended" || (code && !replaced)) this.stop(code);
        else if (!code) onText(text, message);
      },
      onOpen: () => this.#opened(socket),
      onEnd: (end) => this.#ended(socket, end),
    });
    return socket;
  }

  /** @param {Socket} socket */
  #opened(socket) {
    this.#timers.after("renew", this.#options.lifetimeMs / this.#options.warp, () => this.#renew());
    if (socket === this.#next) return this.#takeOver(socket);
    this.#refusals = 0;
    this.#options.resume();
    this.#enter({ status: "connected" });
  }

  #renew() {
    if (this.#socket?.isOpen && !this.#former && !this.#next) this.#next = this.#dial();
  }

  /** From here on the application speaks through `socket`. @param {Socket} socket */
  #takeOver(socket) {
    this.#next = null;
    this.#former = this.#socket;
    this.#socket = socket;
    this.#former?.whenAnswered(LAST_WORDS_MS, () => this.#former && this.#options.resume());
  }

  /** A socket is gone or as good as gone. @param {Socket} socket @param {End} end */
  #ended(socket, { opened, unanswered }) {
    const age = socket.age;
    this.#options.onUnanswered(unanswered);
    if (socket === this.#next) void this.#nextFailed();
    else if (socket === this.#former) {
      this.#former = null;
      this.#options.resume();
    } else if (socket === this.#socket) void this.#lost(opened, age);
    else this.#retired.delete(socket);
  }

  /** The current socket still serves. Try again, so that the next socket is ready in time. */
  async #nextFailed() {
    this.#next = null;
    this.#renewSoon();
    await this.#checkSession();
  }

  #renewSoon() {
    const delay = backoff((this.#renewal += 1), this.#options.environment.random);
    this.#timers.after("renew", delay, () => this.#renew());
  }

  /** @param {boolean} opened @param {number} age */
  async #lost(opened, age) {
    if (this.#former) return this.#fallBack(this.#former);
    this.#options.resumeLost();
    this.#socket = this.#next;
    this.#next = null;
    if (this.#socket) return this.#enter({ status: "connecting", attempt: this.#attempt });
    if (opened && age >= STABLE_AFTER_MS) this.#attempt = 0;
    if (opened) return this.#waitAndRetry();
    const session = await this.#checkSession();
    if (session === "too_many_connections") this.#refused();
    else if (session !== "ended") this.#waitAndRetry();
  }

  /** The new socket closed before it caught up, and the previous socket is still open. @param {Socket} former */
  #fallBack(former) {
    this.#socket = former;
    this.#former = null;
    this.#options.resumeLost();
    this.#options.watchGaps();
    this.#renewSoon();
  }

  /** Stops when the failed handshake meant "no longer logged in"; `ended` also when stopped meanwhile. */
  async #checkSession() {
    const { signal } = this.#life;
    const answer = await this.#options.checkSession();
    if (signal.aborted) return "ended";
    if (answer === "ended") this.stop("session_ended");
    return answer;
  }

  /** The user has too many connections: trying on and on would not help. */
  #refused() {
    this.#refusals += 1;
    if (this.#refusals > 1) this.stop("too_many_connections");
    else this.#waitAndRetry(COUNTED_MS);
  }

  /** @param {number} [pause] instead of the next of the backoff */
  #waitAndRetry(pause) {
    const { now, online, random } = this.#options.environment;
    // A hint only: a laptop without network still reaches a gateway on itself, so we keep trying.
    const offline = !online();
    const delay = pause ?? (offline ? BACKOFF_CEILING_MS : backoff(this.#attempt, random));
    this.#attempt += 1;
    this.#enter({ status: "waiting", retryAt: now() + delay, attempt: this.#attempt, offline });
    this.#timers.after("retry", delay, () => this.#connect());
  }

  /** The network is back, or may have changed under an open socket. */
  #wake() {
    if (this.#state.status !== "waiting") return this.#socket?.probe();
    // Everyone who was cut off hears the same event: spread the return over a second.
    this.#timers.after("retry", this.#options.environment.random() * 1000, () => this.#connect());
  }

  /** Timers sleep with a hidden page or a closed lid; look again when it is back. */
  #becameVisible() {
    if (this.#state.status === "waiting") this.retryNow();
    else if (this.#socket && this.#socket.silence > TRUSTED_SILENCE_MS) this.#socket.probe();
  }

  /** @param {ConnectionState} state */
  #enter(state) {
    this.#state = state;
    this.#options.onState(state);
  }
}
