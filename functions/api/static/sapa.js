// @ts-check
/**
 * A connection to a Sapa endpoint that lasts: comes back after any close, catches up with the
 * channels it was in, and replaces its socket before API Gateway's 2 hours are over. Depends on
 * nothing but the files in `sapa/`; docs/how-to/use-sapa-js.md shows how to use it.
 */

import { Channels } from "./sapa/channels.js";
import { Connection } from "./sapa/connection.js";
import { browserEnvironment } from "./sapa/environment.js";
import { isObject } from "./sapa/message.js";

/** @typedef {import("./sapa/connection.js").ConnectionState} ConnectionState */
/** @typedef {import("./sapa/connection.js").SessionState} SessionState */
/** @typedef {import("./sapa/environment.js").Environment} Environment */
/** @typedef {import("./sapa/socket.js").Frame} Frame */
/** @typedef {import("./sapa/socket.js").MessageId} MessageId */
/** @typedef {import("./sapa/socket.js").NoReply} NoReply */
/** @typedef {import("./sapa/message.js").Message} Message */
/**
 * @typedef {object} ConnectionEvents
 * @property {ConnectionState} state
 * @property {{ text: string, message: Message | null }} message any frame that is neither about
 *   channels nor the reply to an `ask`; `message` is null for what is no JSON object
 * @property {boolean} silent true when nothing has come back for 5 s after something was sent, so that
 *   the connection may be dead; false when something comes, or the socket ends
 * @property {MessageId[]} unanswered `$id`s sent on a socket that ended before a reply to them
 * @property {MessageId[]} expired `$id`s to which there is no reply, although the connection works
 * @property {Frame} frame everything on the wire, pings included, and what happens to sockets
 */
/** @typedef {ConnectionEvents & import("./sapa/message.js").ChannelEvents} SapaEvents */
/**
 * @typedef {object} SapaOptions
 * @property {string} url of the WebSocket; `endpointUrl` makes it
 * @property {() => Promise<SessionState>} [checkSession]
 *   asked after a failed handshake, whose status a browser hides from the page
 * @property {number} [lifetimeMs] the age at which the next socket is opened: 1 h 55 min
 * @property {number} [warp] how many times sooner than on AWS quiet and old sockets are closed,
 *   for a local gateway started with `--warp`
 * @property {Partial<Environment>} [environment]
 */

/** @type {Record<NoReply, string>} */
const NO_REPLY = {
  connection_lost: "The connection closed before a reply came.",
  timeout: "No reply came in time.",
};
/** API Gateway closes every socket after 2 hours. */
const LIFETIME_MS = 115 * 60_000;
/** The URL of an endpoint beside the page. @param {string} endpoint @param {{ protocol: string, host: string }} [page] */
export function endpointUrl(endpoint, { protocol, host } = location) {
  const scheme = protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${host}/ws?endpoint=${encodeURIComponent(endpoint)}`;
}

/** Why an `ask` failed: the server's error code, or `not_connected`, `connection_lost`, `timeout`. */
export class AskError extends Error {
  /** @param {string} code @param {string} message @param {Message | null} [reply] */
  constructor(code, message, reply = null) {
    super(message);
    this.name = "AskError";
    this.code = code;
    this.reply = reply;
  }
}

export class Sapa {
  #channels;
  #connection;
  #listeners = new EventTarget();
  #lastAsk = 0;

  /** @param {SapaOptions} options */
  constructor(options) {
    const environment = { ...browserEnvironment(), ...options.environment };
    const channels = new Channels({
      environment,
      send: (message) => this.#connection.control(message),
      emit: (name, detail) => this.#emit(name, /** @type {SapaEvents[typeof name]} */ (detail)),
      overlaps: () => this.#connection.overlaps,
      onResumed: () => this.#connection.resumed(),
    });
    this.#channels = channels;
    this.#connection = new Connection({
      url: options.url,
      checkSession: () => this.#checkSession(options.checkSession),
      lifetimeMs: options.lifetimeMs ?? LIFETIME_MS,
      warp: options.warp ?? 1,
      environment,
      resume: () => channels.resume(),
      resumeLost: () => channels.pause(),
      watchGaps: () => channels.check(),
      onState: (state) => this.#emit("state", state),
      onText: (text, message) => {
        if (!message || !channels.receive(message)) this.#emit("message", { text, message });
      },
      onFrame: (frame) => this.#emit("frame", frame),
      onSilent: (silent) => this.#emit("silent", silent),
      onExpired: (ids) => this.#emit("expired", ids),
      onUnanswered: (ids) => ids.length && this.#emit("unanswered", ids),
    });
  }

  /** @returns {ConnectionState} */
  get state() {
    return this.#connection.state;
  }

  /** The channels whose events are followed, across sockets. */
  get channels() {
    return this.#channels.names;
  }

  /**
   * Listens to what happens.
   *
   * @template {keyof SapaEvents} Name
   * @param {Name} name
   * @param {(detail: SapaEvents[Name]) => void} listener
   * @returns {() => void} stops listening
   */
  on(name, listener) {
    const heard = (/** @type {Event} */ event) => {
      listener(/** @type {CustomEvent<SapaEvents[Name]>} */ (event).detail);
    };
    this.#listeners.addEventListener(name, heard);
    return () => this.#listeners.removeEventListener(name, heard);
  }

  /** Connects, and keeps connecting until `stop` or the end of the login session. */
  start() {
    this.#connection.start();
  }

  /** Closes for good. The positions in channels stay for the next `start`. */
  stop() {
    this.#connection.stop();
  }

  /** Tries at once instead of waiting out the backoff. */
  retryNow() {
    this.#connection.retryNow();
  }

  /**
   * Sends one JSON object; replies to it arrive as `message` events, with its `$id` if it has any.
   *
   * @param {Message} message
   * @returns {boolean} false when there is no open socket; nothing was sent then
   */
  send(message) {
    return this.#connection.send(message);
  }

  /**
   * Sends one JSON object and waits for the first reply to it; further ones are `message` events.
   *
   * @param {Message} message without `$id`: it is added here
   * @returns {Promise<Message>} rejected with an `AskError`
   */
  ask(message) {
    const $id = `ask-${(this.#lastAsk += 1)}`;
    return new Promise((resolve, reject) => {
      const settle = (/** @type {Message | NoReply} */ outcome) => {
        if (typeof outcome === "string") return reject(new AskError(outcome, NO_REPLY[outcome]));
        const { error } = outcome;
        if (!isObject(error)) return resolve(outcome);
        reject(new AskError(String(error.code), String(error.message), outcome));
      };
      if (this.#connection.send({ ...message, $id }, settle)) return;
      reject(new AskError("not_connected", "Not connected; nothing was sent."));
    });
  }

  /**
   * Marks events that the page already has, for example from a history, so that they are not emitted again.
   * This is optional: a channel is followed as soon as the server confirms the join.
   *
   * @param {string} channel
   * @param {number | number[]} sequence of the last event, or the sequences of all events that the page
   *   has; 0 if there are none. Missing events are requested
   */
  remember(channel, sequence) {
    this.#channels.remember(channel, [sequence].flat());
  }

  /** Follows a channel no longer: the page has left it. @param {string} channel */
  forget(channel) {
    this.#channels.forget(channel);
  }

  /** A check that fails says nothing about the session, and must not end the reconnecting. @param {SapaOptions["checkSession"]} check */
  async #checkSession(check = async () => "unknown") {
    try {
      return await check();
    } catch (error) {
      console.error(error);
      return "unknown";
    }
  }

  /** @template {keyof SapaEvents} Name @param {Name} name @param {SapaEvents[Name]} detail */
  #emit(name, detail) {
    this.#listeners.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
