// @ts-check
/** What became of the messages that were sent and have no answer yet. No DOM here. */

/** @typedef {import("./content.js").Message} Message */
/**
 * @template Shown
 * @typedef {object} Sent
 * @property {number} id
 * @property {number} at epoch milliseconds
 * @property {Message} payload
 * @property {Shown} shown what the page shows of it
 * @property {Appearance} [appearance]
 */
/**
 * How a sent message looks where its keys and values would say too much.
 *
 * @typedef {object} Appearance
 * @property {string} text
 * @property {string | null} channel in which it is said; null for an action
 */

/** What this user said, by an event. @typedef {{ text: string, sentAt: number }} Own */

/** How far the clocks of server and browser may differ. An older event is of an earlier message. */
const CLOCK_DIFFERENCE_MS = 120_000;

/** @template Shown */
export class SentMessages {
  /** Their socket is open. @type {Map<number, Sent<Shown>>} */ #waiting = new Map();
  /** Their socket ended, and nobody knows whether they arrived. @type {Map<number, Sent<Shown>>} */
  #unanswered = new Map();

  /** @param {Sent<Shown>} sent */
  add(sent) {
    this.#waiting.set(sent.id, sent);
  }

  /** Whether a reply to a message of the form is due: one that the page shows as the bot's. */
  get awaitsReply() {
    return [...this.#waiting.values()].some(({ appearance }) => appearance === undefined);
  }

  /** The oldest message that waits. @returns {number | undefined} */
  get oldest() {
    return this.#waiting.keys().next().value;
  }

  /** Those that nobody knows the outcome of. */
  get unanswered() {
    return [...this.#unanswered.values()];
  }

  /** The outcome of a message is clear. @param {number} id */
  settle(id) {
    const sent = this.#waiting.get(id) ?? this.#unanswered.get(id);
    this.#waiting.delete(id);
    this.#unanswered.delete(id);
    return sent;
  }

  /** The socket of messages has ended. @param {unknown[]} ids @returns {Sent<Shown>[]} those that waited */
  lose(ids) {
    const lost = [...this.#waiting.values()].filter(({ id }) => ids.includes(id));
    for (const sent of lost) {
      this.#waiting.delete(sent.id);
      this.#unanswered.set(sent.id, sent);
    }
    return lost;
  }

  /**
   * Settles the oldest message that an event of this user can be: said in this channel, in these
   * words. Of two with the same words it does not matter which: each event settles one of them.
   *
   * @param {string} channel
   * @param {Own} own
   */
  claim(channel, { text, sentAt }) {
    const all = [...this.#unanswered.values(), ...this.#waiting.values()];
    const sent = all.find(
      ({ appearance, at }) =>
        appearance?.channel === channel && appearance.text === text && sentAt >= at - CLOCK_DIFFERENCE_MS,
    );
    return sent && this.settle(sent.id);
  }
}
