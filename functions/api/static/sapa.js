// @ts-check
/**
 * A connection to a Sapa endpoint that lasts: comes back after any close, catches up with the
 * channels and answers it follows, sends again what has no answer, and replaces its socket before
 * API Gateway's 2 hours are over. Depends on nothing but the files in `sapa/`;
 * docs/how-to/use-sapa-js.md shows how to use it.
 */

import { Answers } from "./sapa/answers.js";
import { Channels } from "./sapa/channels.js";
import { Connection } from "./sapa/connection.js";
import { browserEnvironment, tabStorage } from "./sapa/environment.js";
import { isAnswerChannel, isObject, isTransportFault } from "./sapa/message.js";
import { Outbox } from "./sapa/outbox.js";
import { clearTab, TabState } from "./sapa/tab_state.js";

/** @typedef {import("./sapa/answers.js").AnswerEnd} AnswerEnd */
/** @typedef {import("./sapa/answers.js").AnswerHandlers} AnswerHandlers */
/** @typedef {import("./sapa/connection.js").ConnectionState} ConnectionState */
/** @typedef {import("./sapa/connection.js").SessionState} SessionState */
/** @typedef {import("./sapa/environment.js").Environment} Environment */
/** @typedef {import("./sapa/socket.js").Frame} Frame */
/** @typedef {import("./sapa/socket.js").MessageId} MessageId */
/** @typedef {import("./sapa/socket.js").NoReply} NoReply */
/** @typedef {import("./sapa/message.js").Message} Message */
/** @typedef {import("./sapa/outbox.js").NoAnswer} NoAnswer */
/** @typedef {import("./sapa/tab_state.js").LoginSession} LoginSession */
/**
 * @typedef {object} SendOptions
 * @property {boolean} [untilAnswered] keeps the message until it is answered, also while there is no
 *   connection, and sends it again after a reconnect: it may be processed twice
 * @property {boolean} [once] the same, but its effect happens once
 */
/** @typedef {SendOptions & AnswerHandlers} AskOptions */
/**
 * @typedef {object} AnswerSummary an answer of the user, asked for here or elsewhere
 * @property {string} id
 * @property {string} endpoint
 * @property {number} startedAt epoch milliseconds
 * @property {"running" | AnswerEnd["status"]} status
 * @property {number} last the number of the last part so far
 * @property {Message | null} message that asked for it, with its `$id`, if that was in this tab
 */
/**
 * @typedef {object} ConnectionEvents
 * @property {ConnectionState} state
 * @property {{ text: string, message: Message | null }} message any frame that is neither about
 *   channels nor the reply to an `ask`; `message` is null for what is no JSON object
 * @property {boolean} silent true when nothing has come back for 5 s after something was sent, so that
 *   the connection may be dead; false when something comes, or the socket ends
 * @property {MessageId[]} unanswered `$id`s sent on a socket that ended before a reply to them; of
 *   messages in the outbox, only when the login session ends
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
 * @property {boolean} [inOrder] emits the events of each channel in the order of their numbers
 * @property {Partial<Environment>} [environment]
 */

/** @type {Record<NoAnswer, string>} */
const NO_REPLY = {
  connection_lost: "The connection closed before a reply came.",
  session_ended: "The login ended before a reply came.",
  timeout: "No reply came in time.",
};
/** So many answers that were asked for in this tab are shown again after a reload. */
const KEPT_ANSWERS = 10;
/** API Gateway closes every socket after 2 hours. */
const LIFETIME_MS = 115 * 60_000;
/** The URL of an endpoint beside the page. @param {string} endpoint @param {{ protocol: string, host: string }} [page] */
export function endpointUrl(endpoint, { protocol, host } = location) {
  const scheme = protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${host}/ws?endpoint=${encodeURIComponent(endpoint)}`;
}

/** Removes what connections have stored in this tab, for example after a logout. */
export function clearStored() {
  clearTab(tabStorage());
}

/** Why an `ask` or an answer failed: the server's error code, or one of `NO_REPLY`, `server_error`, `not_connected`, `no_stream`. */
export class AskError extends Error {
  /** @param {string} code @param {string} message @param {Message | null} [reply] */
  constructor(code, message, reply = null) {
    super(message);
    this.name = "AskError";
    this.code = code;
    this.reply = reply;
  }
}

/** @param {Message} error as the server sends it @param {Message} reply that holds it */
function askError({ code, message }, reply) {
  return new AskError(String(code), String(message), reply);
}

export class Sapa {
  #environment;
  #channels;
  #answers;
  #outbox;
  #connection;
  #tab;
  #listeners = new EventTarget();
  #lastKey = 0;
  #hasNewSession = false;
  /** @type {LoginSession | null} */ #session = null;
  /** Asked for in this tab, the latest last. @type {import("./sapa/tab_state.js").KeptAnswer[]} */ #asked = [];

  /** @param {SapaOptions} options */
  constructor(options) {
    const environment = { ...browserEnvironment(), ...options.environment };
    this.#environment = environment;
    this.#tab = new TabState(environment.storage, options.url);
    const channels = new Channels({
      environment,
      inOrder: options.inOrder ?? false,
      send: (message) => this.#connection.control(message),
      emit: (name, detail) => {
        if (!isAnswerChannel(detail.channel)) return this.#emit(name, /** @type {SapaEvents[typeof name]} */ (detail));
        if (name === "event") this.#answers.part(/** @type {SapaEvents["event"]} */ (detail));
        if (name === "left") this.#answers.refused(detail.channel);
      },
      overlaps: () => this.#connection.overlaps,
      onResumed: () => this.#connection.resumed(),
    });
    this.#channels = channels;
    this.#answers = new Answers({
      environment,
      channels,
      send: (message, settle) => this.#connection.send(message, settle),
    });
    this.#outbox = new Outbox({
      environment,
      send: (message) => this.#connection.send(message),
      isConnected: () => this.#connection.state.status === "connected",
      onChanged: () => this.#store(),
    });
    this.#connection = new Connection({
      url: options.url,
      checkSession: () => this.#checkSession(options.checkSession),
      lifetimeMs: options.lifetimeMs ?? LIFETIME_MS,
      warp: options.warp ?? 1,
      environment,
      resume: () => channels.resume(),
      resumeLost: () => channels.pause(),
      watchGaps: () => channels.check(),
      onState: (state) => this.#changed(state),
      onText: (text, message) => this.#received(text, message),
      onFrame: (frame) => this.#emit("frame", frame),
      onSilent: (silent) => this.#emit("silent", silent),
      onExpired: (ids) => this.#emitIds("expired", this.#outbox.expired(ids)),
      onUnanswered: (ids) => this.#emitIds("unanswered", this.#outbox.lost(ids)),
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

  /** The messages of the outbox: they have no answer yet. With their `$id`s, in order. */
  get outbox() {
    return this.#outbox.messages;
  }

  /**
   * Says whose connection it is, before `start`. What this tab has stored for the user is in the
   * outbox again, and is stored from here on.
   *
   * @param {LoginSession} session
   */
  enter({ username, expires_at }) {
    const kept = this.#session ? null : this.#tab.read(username);
    if (kept) {
      this.#outbox.restore(kept.outbox);
      this.#asked = kept.answers;
    }
    const former = this.#session ?? kept?.session;
    this.#session = { username, expires_at };
    this.#hasNewSession = former !== undefined && String(former.expires_at) !== String(expires_at);
    this.#store();
  }

  /** Connects, and keeps connecting until `stop` or the end of the login session. */
  start() {
    if (this.#hasNewSession) this.#emitIds("unanswered", this.#outbox.endSession());
    this.#hasNewSession = false;
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
   * Sends one JSON object; replies to it arrive as `message` events, with its `$id`.
   *
   * @param {Message} message
   * @param {SendOptions} [options]
   * @returns {boolean} false when there is no open socket; nothing was sent then. True with an option
   */
  send(message, { once = false, untilAnswered = once } = {}) {
    if (!untilAnswered) return this.#connection.send(message);
    this.#outbox.add(this.#named(message, once));
    return true;
  }

  /**
   * Sends one JSON object and waits for the first reply to it; further ones are `message` events.
   * The reply of a streaming process is `$answer`; its parts go to `onPart`, and then it is sent `once`.
   *
   * @param {Message} message without `$id`: it is added here
   * @param {AskOptions} [options]
   * @returns {Promise<Message>} rejected with an `AskError`, or with the signal's reason
   */
  ask(message, { once, untilAnswered, ...handlers } = {}) {
    const { onPart, onEnd, signal } = handlers;
    const streams = onPart !== undefined || onEnd !== undefined;
    const isOnce = once ?? streams;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const settle = (/** @type {Message | NoAnswer} */ outcome) => {
        signal?.removeEventListener("abort", abort);
        if (typeof outcome === "string") return reject(new AskError(outcome, NO_REPLY[outcome]));
        if (isTransportFault(outcome)) return reject(new AskError("server_error", String(outcome.message), outcome));
        const { error, $answer } = outcome;
        if (isObject(error)) return reject(askError(error, outcome));
        if (typeof $answer === "string" && (streams || signal)) this.#answers.follow($answer, handlers);
        resolve(outcome);
      };
      const asked = this.#named(message, isOnce);
      const abort = () => {
        if (this.#outbox.isUnsent(asked.$id)) this.#outbox.remove(asked.$id);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
      if (isOnce || untilAnswered) this.#outbox.add(asked, settle);
      else if (!this.#connection.send(asked, settle)) {
        reject(new AskError("not_connected", "Not connected; nothing was sent."));
      }
    });
  }

  /**
   * Asks a streaming process, and gives the parts of its answer. A loop that is left early stops it.
   *
   * @param {Message} message without `$id`
   * @param {{ signal?: AbortSignal, once?: boolean }} [options] `signal` stops the answer
   * @returns {AsyncGenerator<Message, void, void>} raises an `AskError` if the answer fails
   */
  async *stream(message, { signal, once } = {}) {
    const left = new AbortController();
    /** @type {Message[]} */ const parts = [];
    /** @type {AnswerEnd | null} */ let end = null;
    let changed = () => {};
    const reply = await this.ask(message, {
      once,
      signal: signal ? AbortSignal.any([signal, left.signal]) : left.signal,
      onPart: (part) => (parts.push(part), changed()),
      onEnd: (ended) => ((end = ended), changed()),
    });
    if (typeof reply.$answer !== "string") throw new AskError("no_stream", "This process does not stream.", reply);
    try {
      while (parts.length > 0 || end === null) {
        const part = parts.shift();
        if (part) yield part;
        else await new Promise((resolve) => (changed = () => resolve(undefined)));
      }
    } finally {
      left.abort();
    }
    const { status, error } = /** @type {AnswerEnd} */ (end);
    if (status === "failed") throw askError(error ?? {}, reply);
  }

  /**
   * Follows an answer from its first part on: one of `findAnswers`, or of an `$answer` reply.
   *
   * @param {string} id
   * @param {AnswerHandlers} handlers
   */
  follow(id, handlers) {
    this.#answers.follow(id, handlers);
  }

  /** Stops an answer of the user, wherever it was asked for; at once, or when there is a connection. @param {string} id */
  stopAnswer(id) {
    this.#answers.stop(id);
  }

  /**
   * The user's answers that run or are still kept, the oldest first.
   *
   * @returns {Promise<AnswerSummary[]>} rejected with an `AskError`
   */
  async findAnswers() {
    const { $answers } = await this.ask({ $answers: true });
    const found = Array.isArray($answers) ? $answers : [];
    const ids = new Set(found.map(({ id }) => id));
    this.#asked = this.#asked.filter(({ id }) => ids.has(id));
    this.#store();
    return found.map(({ id, endpoint, started_at, status, last }) => {
      const message = this.#asked.find((asked) => asked.id === id)?.message ?? null;
      return { id, endpoint, startedAt: started_at, status, last, message };
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

  /** Adds what identifies a message and its effect. @param {Message} message @param {boolean} once @returns {Message} */
  #named(message, once) {
    const { now, random } = this.#environment;
    const count = (this.#lastKey += 1);
    // Unique across reloads of the page, since messages are kept.
    const key = [now(), count, Math.floor(random() * 2 ** 52)].map((part) => part.toString(36)).join("-");
    return once ? { $id: key, ...message, $once: key } : { $id: key, ...message };
  }

  /** @param {ConnectionState} state */
  #changed(state) {
    if (state.status === "connected") {
      this.#answers.connected();
      this.#emit("state", state);
      return this.#outbox.send();
    }
    this.#answers.pause();
    this.#outbox.pause();
    const hasEnded = state.status === "closed" && state.reason === "session_ended";
    if (hasEnded) this.#emitIds("unanswered", this.#outbox.endSession());
    this.#emit("state", state);
  }

  /** @param {string} text @param {Message | null} message */
  #received(text, message) {
    if (message && this.#isTaken(message)) return;
    this.#emit("message", { text, message });
  }

  /** Whether the application does not see a frame as it is. @param {Message} message */
  #isTaken(message) {
    const { $answer, $id } = message;
    if (typeof $answer !== "string") {
      return this.#answers.receive(message) || this.#outbox.receive(message) || this.#channels.receive(message);
    }
    this.#keepAnswer($answer, this.#outbox.message($id));
    this.#answers.accepted($answer);
    return this.#outbox.receive(message);
  }

  /** A reload must not lose an answer that was asked for here. @param {string} id @param {Message | undefined} message */
  #keepAnswer(id, message) {
    if (!message) return;
    const { $once, ...asked } = message;
    const others = this.#asked.filter((answer) => answer.id !== id);
    this.#asked = [...others, { id, message: asked }].slice(-KEPT_ANSWERS);
    this.#store();
  }

  #store() {
    if (!this.#session) return;
    this.#tab.write({ session: this.#session, outbox: this.#outbox.kept, answers: this.#asked });
  }

  /** @param {"expired" | "unanswered"} name @param {MessageId[]} ids */
  #emitIds(name, ids) {
    if (ids.length) this.#emit(name, ids);
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
