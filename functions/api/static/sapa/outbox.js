// @ts-check
/**
 * Messages that are kept until they are answered. One is on its way at a time, so that their effects
 * keep their order; a message without an answer is sent again, on the next socket if need be.
 */

import { Timers } from "./environment.js";
import { isObject, isTransportFault } from "./message.js";

/** @typedef {import("./message.js").Message} Message */
/** @typedef {import("./socket.js").MessageId} MessageId */
/** @typedef {import("./socket.js").NoReply | "session_ended"} NoAnswer */
/**
 * @typedef {object} Entry
 * @property {Message} message with `$id`
 * @property {"queued" | "sent" | "paused"} state
 * @property {boolean} wasSent whether the server may have it
 * @property {number} tries on a connection that worked all the time
 * @property {number} faults of API Gateway in place of an answer
 * @property {number} holdsUntil those behind it wait so long
 * @property {(outcome: Message | NoAnswer) => void} [settle]
 */
/** What is stored of an entry. @typedef {{ message: Message, wasSent: boolean }} KeptEntry */
/**
 * @typedef {object} OutboxOptions
 * @property {import("./environment.js").Environment} environment
 * @property {(message: Message) => boolean} send whether a socket took it
 * @property {() => boolean} isConnected
 * @property {() => void} onChanged what is to be stored has changed
 */

/** A message that takes longer than this does not hold up those behind it. */
const HOLD_MS = 5_000;
/** After so many tries on a working connection no answer will come: the process gives none. */
const MOST_TRIES = 4;
/** The function failed, or there was none free: so often it is tried again. */
const MOST_FAULTS = 1;
/** The socket is being replaced at this moment, or the server is busy. */
const BUSY_MS = 1_000;
/** The server did not process the message, and says when to try again. */
const RETRY_CODES = ["in_progress", "rate_limited"];

export class Outbox {
  #options;
  #timers;
  /** @type {Map<unknown, Entry>} */ #entries = new Map();

  /** @param {OutboxOptions} options */
  constructor(options) {
    this.#options = options;
    this.#timers = new Timers(options.environment);
  }

  /** The messages that have no answer yet, in order. */
  get messages() {
    return [...this.#entries.values()].map(({ message }) => message);
  }

  /** What is to be stored. @returns {KeptEntry[]} */
  get kept() {
    return [...this.#entries.values()].map(({ message, wasSent }) => ({ message, wasSent }));
  }

  /** @param {unknown} id */
  has(id) {
    return this.#entries.has(id);
  }

  /** Whether the server cannot have the message. @param {unknown} id */
  isUnsent(id) {
    return this.#entries.get(id)?.wasSent === false;
  }

  /** What was asked with this `$id`, if it has no answer yet. @param {unknown} id */
  message(id) {
    return this.#entries.get(id)?.message;
  }

  /** @param {Message} message with `$id` @param {Entry["settle"]} [settle] gets the answer in place of the application */
  add(message, settle) {
    if (this.has(message.$id)) throw new Error(`The outbox has a message with the $id ${message.$id} already.`);
    this.#entries.set(message.$id, newEntry(message, false, settle));
    this.#options.onChanged();
    this.send();
  }

  /** Puts what was stored before everything else. @param {KeptEntry[]} kept */
  restore(kept) {
    const restored = kept.map(({ message, wasSent }) => newEntry(message, wasSent));
    const entries = [...restored, ...this.#entries.values()];
    this.#entries = new Map(entries.map((entry) => [entry.message.$id, entry]));
  }

  /** Sends what is due, as far as it is its turn. */
  send() {
    if (!this.#options.isConnected()) return;
    const now = this.#options.environment.now();
    for (const entry of this.#entries.values()) {
      if (entry.state === "queued") return this.#sendOne(entry, now);
      if (now < entry.holdsUntil) return;
    }
  }

  /** Takes a reply; says whether the application is not to see it. @param {Message} message */
  receive(message) {
    const isFault = isTransportFault(message);
    const entry = isFault ? this.#oldestSent() : this.#entries.get(message.$id);
    if (!entry) return false;
    const wait = isFault && entry.faults < MOST_FAULTS ? BUSY_MS : retryAfter(message);
    if (isFault) entry.faults += 1;
    const { $id } = entry.message;
    if (wait !== null) {
      entry.state = "paused";
      this.#timers.after(`retry ${$id}`, wait, () => this.#queue(entry));
      return true;
    }
    this.remove($id);
    entry.settle?.(message);
    return entry.settle !== undefined;
  }

  /** Their socket is gone. @param {MessageId[]} ids @returns {MessageId[]} those that are not in the outbox */
  lost(ids) {
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry) Object.assign(entry, { state: "queued", tries: 0 });
    }
    this.send();
    return ids.filter((id) => !this.has(id));
  }

  /** No reply came, although the connection works. @param {MessageId[]} ids @returns {MessageId[]} those for which none will come */
  expired(ids) {
    return ids.filter((id) => {
      const entry = this.#entries.get(id);
      if (entry && entry.tries < MOST_TRIES) {
        this.#queue(entry);
        return false;
      }
      this.remove(id);
      entry?.settle?.("timeout");
      return true;
    });
  }

  /**
   * The login session has ended, and with it the keys: whether the effect of what was sent has
   * happened cannot be found out any more.
   *
   * @returns {MessageId[]} those messages
   */
  endSession() {
    const sent = [...this.#entries].filter(([, { wasSent, message }]) => wasSent && "$once" in message);
    for (const [id, { settle }] of sent) {
      this.#entries.delete(id);
      settle?.("session_ended");
    }
    if (sent.length) this.#options.onChanged();
    return sent.flatMap(([id, { settle }]) => (settle ? [] : [/** @type {MessageId} */ (id)]));
  }

  /** @param {unknown} id */
  remove(id) {
    this.#timers.cancel(`retry ${id}`);
    if (!this.#entries.delete(id)) return;
    this.#options.onChanged();
    this.send();
  }

  /** Nothing is sent until the next `send`. */
  pause() {
    this.#timers.clear();
    for (const entry of this.#entries.values()) entry.state = "queued";
  }

  /** What a frame that names no message is about. */
  #oldestSent() {
    return [...this.#entries.values()].find(({ state }) => state === "sent");
  }

  /** @param {Entry} entry @param {number} now */
  #sendOne(entry, now) {
    if (!this.#options.send(entry.message)) {
      return this.#timers.after("send", BUSY_MS, () => this.send());
    }
    const isFirst = !entry.wasSent;
    const holdsUntil = now + HOLD_MS;
    Object.assign(entry, { state: "sent", wasSent: true, tries: entry.tries + 1, holdsUntil });
    if (isFirst) this.#options.onChanged();
    this.#timers.after("send", HOLD_MS, () => this.send());
  }

  /** @param {Entry} entry */
  #queue(entry) {
    entry.state = "queued";
    this.send();
  }
}

/** @param {Message} message @param {boolean} wasSent @param {Entry["settle"]} [settle] @returns {Entry} */
function newEntry(message, wasSent, settle) {
  return { message, state: "queued", wasSent, tries: 0, faults: 0, holdsUntil: 0, settle };
}

/** How long to wait until the same message may be processed; null where this is its answer. @param {Message} message */
function retryAfter({ error }) {
  if (!isObject(error) || !RETRY_CODES.includes(String(error.code))) return null;
  return typeof error.retry_after_ms === "number" ? error.retry_after_ms : BUSY_MS;
}
