// @ts-check
/**
 * A WebSocket from handshake to close: it pings while it is quiet, detects a dead connection, and
 * tracks which messages still wait for a reply. It never reconnects.
 *
 * API Gateway closes a socket after 10 quiet minutes and CloudFront after 10 minutes without a
 * byte towards the client; so both directions count as quiet ("Amazon API Gateway WebSocket
 * quotas", "CloudFront: use WebSockets with distributions").
 */

import { Timers } from "./environment.js";
import { parsed } from "./message.js";

/** @typedef {import("./environment.js").Environment} Environment */
/** @typedef {import("./message.js").Message} Message */
/** @typedef {{ direction: "sent" | "received" | "event", text: string, at: Date }} Frame */
/** @typedef {string | number} MessageId */
/** @typedef {{ opened: boolean, why: string, unanswered: MessageId[] }} End */
/** Why there is no reply: the socket ended first, or the time for a reply passed on a live socket. */
/** @typedef {"connection_lost" | "timeout"} NoReply */
/** @typedef {{ until: number, settle?: (outcome: Message | NoReply) => void }} PendingReply */
/**
 * @typedef {object} SocketOptions
 * @property {string} url
 * @property {Environment} environment
 * @property {number} warp how many times sooner than on AWS a quiet socket is closed
 * @property {() => void} onOpen
 * @property {(text: string, message: Message | null) => void} onText every text but answers to
 *   our own pings and replies that somebody waits for with `settle`
 * @property {(frame: Frame) => void} onFrame everything on the wire, pings included
 * @property {(silent: boolean) => void} onSilent true when nothing has come back for a while after
 *   something was sent; false when something does
 * @property {(ids: MessageId[]) => void} onExpired messages that will get no reply, on a live socket
 * @property {(end: End) => void} onEnd once; not after `close`
 */

const HANDSHAKE_TIMEOUT_MS = 35_000;
const QUIET_MS = 240_000;
const QUIET_JITTER_MS = 60_000;
const PONG_TIMEOUT_MS = 20_000;
/** After a message without any frame back for this long, a ping asks whether anyone is there. */
const SILENCE_AFTER_SEND_MS = 3_000;
/** A ping without a pong for this long is worth reporting. */
const SILENCE_AFTER_PING_MS = 2_000;
/** An integration answers within 29 s or never. */
const REPLY_MS = 30_000;
/** After that, the next frame of any kind shows that no reply will come; then a ping asks for one. */
const LAST_CHANCE_MS = 2_000;
/** A reply may have several frames; after this long without a further frame it is complete. */
const LAST_FRAME_MS = 1_000;

export class Socket {
  #options;
  #timers;
  #socket;
  #life = new AbortController();
  #opened = false;
  #openedAt = 0;
  #lastSentAt = 0;
  #lastReceivedAt = 0;
  #lastReplyAt = 0;
  #lastPing = 0;
  #silent = false;
  /** By `$id`, or by a symbol without. @type {Map<unknown, PendingReply>} */
  #pending = new Map();

  /** Begins to connect. @param {SocketOptions} options */
  constructor(options) {
    const { environment, url } = options;
    this.#options = options;
    this.#timers = new Timers(environment);
    this.#report("event", `connecting to ${url}`);
    this.#socket = new environment.WebSocket(url);
    this.#timers.after("handshake", HANDSHAKE_TIMEOUT_MS, () => this.#ended("handshake timed out"));
    const { signal } = this.#life;
    this.#socket.addEventListener("open", () => this.#open(), { signal });
    this.#socket.addEventListener("message", ({ data }) => this.#received(String(data)), { signal });
    this.#socket.addEventListener(
      "close",
      ({ code, reason }) => this.#ended(`closed: ${code}${reason && ` ${reason}`}`),
      { signal },
    );
  }

  get isOpen() {
    return this.#opened && this.#socket.readyState === 1;
  }

  /** Milliseconds since the handshake was done. */
  get age() {
    return this.#opened ? this.#now() - this.#openedAt : 0;
  }

  /** Milliseconds since the last frame came. */
  get silence() {
    return this.#now() - this.#lastReceivedAt;
  }

  /**
   * Sends a message of the application.
   *
   * @param {Message} message
   * @param {PendingReply["settle"]} [settle] gets the first reply, or why there is none
   * @returns {boolean} false when the socket is not open; nothing was sent then
   */
  send(message, settle) {
    if (!this.control(message)) return false;
    if ("$ping" in message) return true;
    this.#pending.set(message.$id ?? Symbol("unnamed"), { until: this.#now() + REPLY_MS, settle });
    this.#watchOverdue();
    return true;
  }

  /** Sends a message that only the connection itself is interested in. @param {Message} message */
  control(message) {
    if (!this.isOpen) return false;
    const text = JSON.stringify(message);
    this.#socket.send(text);
    this.#lastSentAt = this.#now();
    this.#report("sent", text);
    // Who sends again and again must not put the question off.
    if (!("$ping" in message) && !this.#timers.has("silence")) {
      this.#timers.after("silence", SILENCE_AFTER_SEND_MS, () => this.probe());
    }
    return true;
  }

  /** Sends a ping. Without a pong the socket counts as dead, even if the browser shows it as open. */
  probe() {
    if (this.#timers.has("pong")) return;
    const stamp = this.#now();
    if (!this.control({ $ping: stamp })) return;
    this.#lastPing = stamp;
    this.#timers.after("silent", SILENCE_AFTER_PING_MS, () => this.#setSilent(true));
    this.#timers.after("pong", PONG_TIMEOUT_MS, () => this.#ended("no answer to $ping"));
  }

  /** Calls `then` once, when no reply is due any more. @param {number} bound at the latest, in milliseconds @param {() => void} then */
  whenAnswered(bound, then) {
    const quiet = this.#now() - this.#lastReplyAt;
    if ((this.#pending.size === 0 && quiet >= LAST_FRAME_MS) || bound <= 0) return then();
    this.#timers.after("answered", LAST_FRAME_MS, () => this.whenAnswered(bound - LAST_FRAME_MS, then));
  }

  /** Closes as soon as no reply is due any more; nothing more is to be sent. */
  retire() {
    this.#timers.cancel("quiet");
    // As if a reply had just come: what is on its way at this moment still arrives.
    this.#lastReplyAt = this.#now();
    const bound = REPLY_MS + LAST_CHANCE_MS + PONG_TIMEOUT_MS;
    this.whenAnswered(bound, () => this.#ended("replaced by a younger connection"));
  }

  /** Closes now, without `onEnd`. @returns {MessageId[]} the messages that will get no reply */
  close(code = 1000, reason = "") {
    this.#life.abort();
    this.#timers.clear();
    if (this.#socket.readyState < 2) this.#socket.close(code, reason);
    this.#setSilent(false);
    return this.#giveUp([...this.#pending.keys()], "connection_lost");
  }

  #open() {
    this.#timers.cancel("handshake");
    this.#opened = true;
    this.#openedAt = this.#lastSentAt = this.#lastReceivedAt = this.#now();
    this.#report("event", "open");
    this.#watchQuiet();
    this.#options.onOpen();
  }

  /** @param {string} text */
  #received(text) {
    this.#lastReceivedAt = this.#now();
    // Whatever arrives proves that someone is there, the pong or anything that overtook it.
    for (const name of ["silence", "silent", "pong"]) this.#timers.cancel(name);
    this.#report("received", text);
    this.#setSilent(false);
    const message = parsed(text);
    const isAwaited = message !== null && this.#isAwaited(message);
    this.#dropOverdue();
    if (isAwaited || (message && this.#isOurPong(message))) return;
    this.#options.onText(text, message);
  }

  /** @param {Message} message */
  #isOurPong(message) {
    return "$pong" in message && message.$pong === this.#lastPing;
  }

  /** Notes a reply; true if somebody waits for it. @param {Message} message */
  #isAwaited(message) {
    if (!("$id" in message)) return false;
    this.#lastReplyAt = this.#now();
    const pending = this.#pending.get(message.$id);
    this.#pending.delete(message.$id);
    pending?.settle?.(message);
    return pending?.settle !== undefined;
  }

  /** @param {boolean} silent */
  #setSilent(silent) {
    if (this.#silent === silent) return;
    this.#silent = silent;
    this.#options.onSilent(silent);
  }

  /** Messages whose time has passed, in the order they were sent. */
  #overdue() {
    const now = this.#now();
    return [...this.#pending].flatMap(([id, { until }]) => (until <= now ? [id] : []));
  }

  /** What comes after the time for a reply shows that there is none: some messages never get any. */
  #dropOverdue() {
    const ids = this.#giveUp(this.#overdue(), "timeout");
    if (ids.length) this.#options.onExpired(ids);
  }

  /** Only an answer tells a message without a reply from a dead connection. */
  #watchOverdue() {
    const [oldest] = this.#pending.values();
    if (!oldest || this.#timers.has("overdue")) return;
    const wait = Math.max(0, oldest.until - this.#now()) + LAST_CHANCE_MS;
    this.#timers.after("overdue", wait, () => {
      if (this.#overdue().length) this.probe();
      this.#watchOverdue();
    });
  }

  /** @param {unknown[]} ids @param {NoReply} why @returns {MessageId[]} those with an `$id` */
  #giveUp(ids, why) {
    const given = ids.map((id) => this.#pending.get(id));
    for (const id of ids) this.#pending.delete(id);
    for (const pending of given) pending?.settle?.(why);
    return ids.flatMap((id) => (typeof id === "symbol" ? [] : /** @type {MessageId} */ (id)));
  }

  #watchQuiet() {
    const { warp, environment } = this.#options;
    const quiet = (this.#now() - Math.min(this.#lastSentAt, this.#lastReceivedAt)) * warp;
    if (quiet >= QUIET_MS) this.probe();
    const limit = QUIET_MS + environment.random() * QUIET_JITTER_MS;
    const wait = quiet >= QUIET_MS ? limit : limit - quiet;
    this.#timers.after("quiet", wait / warp, () => this.#watchQuiet());
  }

  /** @param {string} why */
  #ended(why) {
    const opened = this.#opened;
    const unanswered = this.close(1000, "");
    this.#report("event", opened ? why : `handshake failed (${why})`);
    this.#options.onEnd({ opened, why, unanswered });
  }

  #now() {
    return this.#options.environment.now();
  }

  /** @param {Frame["direction"]} direction @param {string} text */
  #report(direction, text) {
    this.#options.onFrame({ direction, text, at: new Date(this.#now()) });
  }
}
