// @ts-check
/**
 * The answers of streaming processes: their parts in order, each once, whatever happens to sockets.
 * The channels of answers are followed like all others; here is what only answers have.
 */

import { Timers } from "./environment.js";
import { answerChannel, answerIn, isAnswerChannel, isObject } from "./message.js";

/** @typedef {import("./message.js").ChannelEvents} ChannelEvents */
/** @typedef {import("./message.js").Message} Message */
/**
 * @typedef {object} AnswerEnd
 * @property {"done" | "stopped" | "failed"} status
 * @property {Message | null} error why it failed: `code`, `message` and more
 */
/**
 * @typedef {object} AnswerHandlers
 * @property {(part: Message, number: number) => void} [onPart] gets each part once, in order
 * @property {() => void} [onWorking] no part has come for a while, but the process runs
 * @property {(end: AnswerEnd) => void} [onEnd] once, after all parts
 * @property {AbortSignal} [signal] stops the answer
 */
/**
 * @typedef {object} Answer
 * @property {AnswerHandlers | null} handlers
 * @property {{ part: Message, number: number }[]} parts that nobody has taken yet
 * @property {AnswerEnd | null} end
 * @property {() => void} release stops listening to the signal
 */
/**
 * @typedef {object} AnswersOptions
 * @property {import("./environment.js").Environment} environment
 * @property {import("./channels.js").Channels} channels
 * @property {import("./socket.js").Socket["send"]} send
 */

/** A process that is silent says so every 20 s; after this the connection or its writer may be gone. */
const SILENCE_MS = 25_000;
/** Answers that have ended and that nobody has taken. */
const MOST_UNTAKEN = 20;
/** Late copies of parts of so many answers are recognised. */
const MOST_ENDED = 200;
const NOT_KEPT = { code: "forbidden_channel", message: "This answer is no longer kept." };

export class Answers {
  #options;
  #timers;
  /** @type {Map<string, Answer>} */ #answers = new Map();
  /** @type {Set<string>} */ #ended = new Set();
  /** Whose `$stop` has not been answered. @type {Set<string>} */ #stopping = new Set();
  #lastStop = 0;

  /** @param {AnswersOptions} options */
  constructor(options) {
    this.#options = options;
    this.#timers = new Timers(options.environment);
  }

  /** Takes a frame before the channels do; says whether nobody else is to see it. @param {Message} message */
  receive({ $channel, $working }) {
    if (typeof $channel !== "string" || !isAnswerChannel($channel)) return false;
    const id = answerIn($channel);
    if (this.#ended.has(id) || this.#answers.get(id)?.end) return true;
    if ($working !== true) return false;
    this.#watch(id);
    call(this.#answers.get(id)?.handlers?.onWorking);
    return true;
  }

  /** An answer was accepted: its parts may have come before. @param {string} id */
  accepted(id) {
    this.#begin(id);
  }

  /** Takes a part, once each and in order. @param {ChannelEvents["event"]} event */
  part({ channel, sequence, payload }) {
    const id = answerIn(channel);
    const answer = this.#begin(id);
    if (!answer) return;
    this.#watch(id);
    if (typeof payload.$end === "string") return this.#end(id, endOf(payload));
    const part = { part: payload, number: sequence ?? 0 };
    if (answer.handlers) call(answer.handlers.onPart, part.part, part.number);
    else answer.parts.push(part);
  }

  /** The server does not have this answer for this user. @param {string} channel */
  refused(channel) {
    this.#end(answerIn(channel), { status: "failed", error: NOT_KEPT });
  }

  /** Hands over an answer, from its first part on. @param {string} id @param {AnswerHandlers} handlers */
  follow(id, handlers) {
    this.#ended.delete(id);
    const isNew = !this.#answers.has(id);
    const answer = this.#begin(id);
    if (!answer) return;
    if (isNew) this.#options.channels.catchUp(answerChannel(id));
    answer.release();
    answer.handlers = handlers;
    for (const { part, number } of answer.parts.splice(0)) call(handlers.onPart, part, number);
    if (answer.end) return this.#end(id, answer.end);
    const { signal } = handlers;
    if (signal?.aborted) this.stop(id);
    const stop = () => this.stop(id);
    signal?.addEventListener("abort", stop, { once: true });
    answer.release = () => signal?.removeEventListener("abort", stop);
  }

  /** Asks for no more; again after a reconnect, until the server has heard it. @param {string} id */
  stop(id) {
    if (this.#ended.has(id) || this.#stopping.has(id)) return;
    this.#stopping.add(id);
    this.#sendStop(id);
  }

  /** There is a socket again. */
  connected() {
    for (const id of this.#stopping) this.#sendStop(id);
    for (const id of this.#answers.keys()) this.#watch(id);
  }

  /** Nothing is expected until `connected`. */
  pause() {
    this.#timers.clear();
  }

  /** @param {string} id @returns {Answer | null} null once it is over */
  #begin(id) {
    if (this.#ended.has(id)) return null;
    const existing = this.#answers.get(id);
    if (existing) return existing;
    /** @type {Answer} */
    const answer = { handlers: null, parts: [], end: null, release: () => {} };
    this.#answers.set(id, answer);
    this.#options.channels.openWhole(answerChannel(id));
    this.#watch(id);
    return answer;
  }

  /** @param {string} id @param {AnswerEnd} end */
  #end(id, end) {
    const answer = this.#answers.get(id);
    this.#timers.cancel(id);
    this.#stopping.delete(id);
    this.#options.channels.forget(answerChannel(id));
    if (!answer) return;
    answer.end = end;
    const { handlers } = answer;
    // Nobody has asked for it yet: the frame that says whose it is may come later than the end.
    if (!handlers) return this.#dropUntaken();
    this.#answers.delete(id);
    this.#ended.add(id);
    if (this.#ended.size > MOST_ENDED) this.#ended.delete(this.#ended.values().next().value ?? "");
    answer.release();
    call(handlers.onEnd, end);
  }

  #dropUntaken() {
    const untaken = [...this.#answers].filter(([, { end, handlers }]) => end && !handlers);
    for (const [id] of untaken.slice(0, -MOST_UNTAKEN)) {
      this.#answers.delete(id);
      this.#ended.add(id);
    }
  }

  /** @param {string} id */
  #watch(id) {
    if (this.#answers.get(id)?.end) return;
    this.#timers.after(id, SILENCE_MS, () => {
      this.#options.channels.catchUp(answerChannel(id));
      this.#watch(id);
    });
  }

  /** @param {string} id */
  #sendStop(id) {
    if (!this.#stopping.has(id)) return;
    const $id = `stop-${(this.#lastStop += 1)}`;
    this.#options.send({ $stop: id, $id }, (outcome) => {
      // `connected` sends it again.
      if (outcome === "connection_lost") return;
      if (outcome === "timeout") return this.#sendStop(id);
      const { error } = outcome;
      if (isObject(error) && typeof error.retry_after_ms === "number") {
        return this.#timers.after(`stop ${id}`, error.retry_after_ms, () => this.#sendStop(id));
      }
      this.#stopping.delete(id);
      if (isObject(error) && error.code === "unknown_answer") this.#end(id, { status: "failed", error });
    });
  }
}

/** @param {Message} payload @returns {AnswerEnd} */
function endOf({ $end, error }) {
  const status = $end === "done" || $end === "stopped" ? $end : "failed";
  return { status, error: isObject(error) ? error : null };
}

/** What a handler raises must not keep the rest from its part. @template {unknown[]} Given @param {((...given: Given) => void) | undefined} handler @param {Given} given */
function call(handler, ...given) {
  try {
    handler?.(...given);
  } catch (error) {
    console.error(error);
  }
}
