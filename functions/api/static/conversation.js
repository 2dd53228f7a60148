// @ts-check
/** The log of one endpoint: what was said, by whom, when, and what became of it. */

import { faultContent, faultOf, messageContent, parsed, summary, textContent } from "./content.js";
import { clockTime, element, spoken } from "./dom.js";
import { chain, firstAfter, mark, placed, settle } from "./live/order.js";

/** @typedef {import("./content.js").Message} Message */
/** @typedef {import("./content.js").FieldProblem} FieldProblem */
/**
 * @typedef {object} Sent
 * @property {number} id
 * @property {Message} payload
 * @property {HTMLElement} bubble
 * @property {ReturnType<typeof setTimeout>} timer
 * @property {Appearance} [appearance]
 */
/**
 * How a sent message looks where its keys and values would say too much.
 *
 * @typedef {object} Appearance
 * @property {string} text
 * @property {boolean} said whether it is what a person says in a channel, rather than a deed
 */

const KEPT_BUBBLES = 500;
/** An integration answers within 29 s or never; the dots stop waiting a little later. */
const REPLY_EXPECTED_MS = 30_000;
const NEAR_BOTTOM_PX = 80;

export class Conversation {
  #log = element("div", { class: "log", role: "log", "aria-label": "Conversation" });
  #typing = element("div", { class: "typing", "aria-hidden": "true", hidden: true });
  #scroller = element("div", { class: "scroller", tabindex: "0", role: "group" });
  #latest = element("button", { class: "latest", type: "button", hidden: true }, "Latest messages ↓");
  element = element("div", { class: "conversation" });
  /** @type {Map<number, Sent>} sent, and neither answered nor given up */
  #pending = new Map();
  /** @type {Map<number, Message>} what a late reply may refer to */
  #asked = new Map();
  #newestId = 0;
  /** Whether new messages scroll into view: yes, until the reader scrolls up. */
  #following = true;
  #textKey;
  #resend;

  /**
   * @param {object} options
   * @param {HTMLElement} options.intro shown above the first message
   * @param {string} options.textKey the key whose text a chat bubble shows bare
   * @param {(payload: Message) => void} options.resend
   */
  constructor({ intro, textKey, resend }) {
    this.#textKey = textKey;
    this.#resend = resend;
    this.#typing.append(element("span"), element("span"), element("span"));
    this.#scroller.setAttribute("aria-label", "Messages");
    this.#scroller.append(intro, this.#log, this.#typing);
    this.element.append(this.#scroller, this.#latest);
    this.#scroller.addEventListener("scroll", () => {
      this.#following = this.#isNearBottom();
      if (this.#following) this.#latest.hidden = true;
    });
    // A keyboard, a problem under a field, the frames drawer: all of them change the height.
    new ResizeObserver(() => this.#following && this.toBottom()).observe(this.#scroller);
    this.#latest.addEventListener("click", () => {
      this.toBottom();
      this.#scroller.focus();
    });
  }

  /** Shows a message just sent. @param {number} id @param {Message} payload @param {Appearance} [appearance] */
  sent(id, payload, appearance) {
    const content = appearance ? textContent(appearance.text) : messageContent(payload, this.#textKey);
    const bubble = this.#bubble(appearance?.said === false ? "mine deed" : "mine", "You said", content);
    const timer = setTimeout(() => this.#settle(id), REPLY_EXPECTED_MS);
    this.#pending.set(id, { id, payload, bubble, timer, appearance });
    this.#asked.set(id, payload);
    this.#newestId = id;
    this.#typing.hidden = appearance !== undefined;
    this.#append(bubble, true);
  }

  /** What was sent as `id`. @param {unknown} id */
  asked(id) {
    return this.#asked.get(Number(id));
  }

  /** A reply that needs no bubble: it says that the message was taken. @param {Message} reply */
  accepted({ $id, channel, sequence }) {
    const sent = this.#pending.get(Number($id));
    if (!sent) return;
    this.#settle(sent.id);
    if (!sent.appearance?.said || typeof channel !== "string" || typeof sequence !== "number") {
      return sent.bubble.querySelector(".meta")?.append(" ✓");
    }
    // The event may have come before; else its bubble will take the place of this one.
    if (placed(this.#log, channel, sequence)) sent.bubble.remove();
    else {
      mark(sent.bubble, channel, sequence);
      settle(this.#log, sent.bubble);
    }
  }

  /**
   * Shows what a channel brought, in its place by number.
   *
   * @param {HTMLElement} shown
   * @param {string} channel
   * @param {number | null} sequence
   * @param {string} [own] what this user said, if it is that
   */
  place(shown, channel, sequence, own) {
    if (sequence === null) return this.#append(shown);
    const twin = placed(this.#log, channel, sequence) ?? this.#unclaimed(own);
    const later = twin ? undefined : firstAfter(this.#log, channel, sequence);
    mark(shown, channel, sequence);
    if (later) later.before(shown);
    else if (twin) twin.replaceWith(shown);
    else this.#append(shown);
    if (twin) settle(this.#log, shown);
    chain(shown);
    if (this.#following) this.toBottom();
  }

  /**
   * Shows a frame from the server.
   *
   * @param {string} text
   * @returns {FieldProblem[]} problems with the newest message, for the form to show in place
   */
  received(text) {
    const message = parsed(text);
    if (!message) {
      this.#append(this.#bubble("bot", "Sapa said", textContent(text)));
      return [];
    }
    const fault = faultOf(message);
    const id = typeof message.$id === "number" ? message.$id : this.#idOfUnnamed(fault !== null);
    if (id !== undefined) this.#settle(id);
    const bubble = fault
      ? this.#bubble("bot fault", "Error", faultContent(fault))
      : this.#bubble("bot", "Sapa said", messageContent(message));
    this.#quote(bubble, id);
    this.#append(bubble);
    return fault && id === this.#newestId ? fault.problems : [];
  }

  /** Shows what became of something sent without a bubble. @param {Message} message with an error */
  failed(message) {
    const fault = faultOf(message);
    if (fault) this.#append(this.#bubble("bot fault", "Error", faultContent(fault)));
  }

  /** The socket is gone: what has no answer yet will not get one there. @param {unknown[]} ids */
  unanswered(ids) {
    for (const { id, payload, bubble } of [...this.#pending.values()]) {
      if (!ids.includes(id)) continue;
      this.#settle(id);
      const again = element("button", { class: "link", type: "button" }, "Send again");
      const words = "The connection closed before an answer came. ";
      const note = element("p", { class: "note" }, words, again);
      again.addEventListener("click", () => {
        note.remove();
        this.#resend(payload);
      });
      bubble.append(note);
    }
    if (this.#following) this.toBottom();
  }

  toBottom() {
    this.#following = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#latest.hidden = true;
  }

  /** The bubble of a message of these words that waits for its event. @param {string | undefined} own */
  #unclaimed(own) {
    const sent = [...this.#pending.values()].find(({ appearance }) => appearance?.said && appearance.text === own);
    if (sent) this.#settle(sent.id);
    return sent?.bubble;
  }

  /** A fault without `$id` belongs to the oldest open question. @param {boolean} isFault */
  #idOfUnnamed(isFault) {
    return isFault ? this.#pending.keys().next().value : undefined;
  }

  /** @param {number} id */
  #settle(id) {
    clearTimeout(this.#pending.get(id)?.timer);
    this.#pending.delete(id);
    this.#typing.hidden = this.#pending.size === 0;
  }

  /** Replies may overtake each other; one that is not to the newest message says to which. @param {HTMLElement} bubble @param {number | undefined} id */
  #quote(bubble, id) {
    const payload = id === undefined || id === this.#newestId ? undefined : this.#asked.get(id);
    if (!payload) return;
    const quote = element("p", { class: "quote" }, spoken("In reply to: "), summary(payload));
    bubble.firstElementChild?.prepend(quote);
  }

  /** @param {string} kind @param {string} speaker @param {HTMLElement} content */
  #bubble(kind, speaker, content) {
    const bubble = element("div", { class: "bubble" }, spoken(`${speaker}: `), content);
    const meta = element("p", { class: "meta" }, clockTime(new Date()));
    return element("div", { class: `message ${kind}` }, bubble, meta);
  }

  /** @param {HTMLElement} bubble @param {boolean} [follow] */
  #append(bubble, follow = this.#following) {
    this.#log.append(bubble);
    while (this.#log.childElementCount > KEPT_BUBBLES) this.#log.firstElementChild?.remove();
    if (this.#asked.size > KEPT_BUBBLES) {
      this.#asked.delete(/** @type {number} */ (this.#asked.keys().next().value));
    }
    if (follow) this.toBottom();
    else this.#latest.hidden = false;
  }

  #isNearBottom() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX;
  }
}
