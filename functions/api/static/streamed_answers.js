// @ts-check
/** The answers of a streaming endpoint in its conversation, those found after a reload among them. */

import { AnswerBubble } from "./answer_bubble.js";

/** @typedef {import("./content.js").Message} Message */
/**
 * @typedef {object} StreamedAnswersOptions
 * @property {string} endpoint
 * @property {import("./sapa.js").Sapa} sapa
 * @property {import("./conversation.js").Conversation} conversation
 */

const ELSEWHERE = "asked in another window";

export class StreamedAnswers {
  #options;
  /** By the answer's id. @type {Map<string, AnswerBubble>} */ #shown = new Map();

  /** @param {StreamedAnswersOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /** The server has accepted a message. @param {string} id @param {unknown} asked the message's `$id` */
  accepted(id, asked) {
    const { conversation } = this.#options;
    const bubble = this.#shown.get(id);
    bubble?.setOrigin("");
    if (bubble) conversation.answered(asked);
    else conversation.answered(asked, this.#follow(id, new Date(), false).element);
  }

  /** Shows what this tab has asked for before, and what runs elsewhere. */
  async find() {
    const { endpoint, sapa, conversation } = this.#options;
    const answers = await sapa.findAnswers().catch(() => []);
    for (const { id, startedAt, status, message, ...answer } of answers) {
      const isWanted = message !== null || status === "running";
      if (answer.endpoint !== endpoint || !isWanted || this.#shown.has(id)) continue;
      const at = new Date(startedAt);
      if (message) conversation.said(message, at);
      const bubble = this.#follow(id, at, true);
      if (!message) bubble.setOrigin(ELSEWHERE);
      conversation.answered(null, bubble.element);
    }
  }

  /** @param {string} id @param {Date} at @param {boolean} isRestored */
  #follow(id, at, isRestored) {
    const { sapa, conversation } = this.#options;
    const bubble = new AnswerBubble({ at, isRestored, onStop: () => sapa.stopAnswer(id) });
    this.#shown.set(id, bubble);
    sapa.follow(id, {
      onPart: (part) => (bubble.add(part), conversation.grown()),
      onWorking: () => bubble.working(),
      onEnd: (end) => (bubble.end(end), conversation.grown()),
    });
    return bubble;
  }
}
