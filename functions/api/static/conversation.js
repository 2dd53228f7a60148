// @ts-check
/** The log of one endpoint: what was said, by whom, when, and what became of it. */

import { faultContent, faultOf, messageContent, parsed, summary, textContent } from "./content.js";
import { clockTime, element, spoken } from "./dom.js";
import { chain, firstAfter, mark, placed, settle } from "./live/order.js";
import { SentMessages } from "./sent_messages.js";

/** @typedef {import("./content.js").Message} Message */
/** @typedef {import("./content.js").FieldProblem} FieldProblem */
/** @typedef {import("./sent_messages.js").Appearance} Appearance */
/** @typedef {import("./sent_messages.js").Sent<HTMLElement>} Sent */

const KEPT_BUBBLES = 500;
const NEAR_BOTTOM_PX = 80;

export class Conversation {
  #log = element("div", { class: "log", role: "log", "aria-label": "Conversation" });
  #typing = element("div", { class: "typing", "aria-hidden": "true", hidden: true });
  #scroller = element("div", { class: "scroller", tabindex: "0", role: "group" });
  #latest = element("button", { class: "latest", type: "button", hidden: true }, "Latest messages ↓");
  element = element("div", { class: "conversation" });
  /** @type {SentMessages<HTMLElement>} */ #sent = new SentMessages();
  #connected = false;
  /** @type {Map<number, Message>} what a late reply may refer to */
  #asked = new Map();
  #newestId = 0;
  /** Whether new messages scroll into view: yes, until the reader scrolls up. */
  #following = true;
  #textKey;
  #resend;
  #read;

  /**
   * @param {object} options
   * @param {HTMLElement} options.intro shown above the first message
   * @param {string} options.textKey the key whose text a chat bubble shows bare
   * @param {(payload: Message) => boolean} options.resend whether it was sent
   * @param {(answer: Message, asked: Message | undefined) => string | null} options.read an answer in
   *   one line; null to show it by its keys
   */
  constructor({ intro, textKey, resend, read }) {
    this.#textKey = textKey;
    this.#read = read;
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
    const kind = appearance?.channel === null ? "mine deed" : "mine";
    const bubble = this.#bubble(`${kind} pending`, "You said", content);
    // For the eyes: who listens hears of the connection's state.
    const delivery = element("span", { class: "delivery", "aria-hidden": "true" }, " · Waiting…");
    bubble.querySelector(".meta")?.append(delivery);
    this.#sent.add({ id, at: Date.now(), payload, shown: bubble, appearance });
    this.#asked.set(id, payload);
    this.#newestId = id;
    this.#showTyping();
    this.#append(bubble, true);
  }

  /** What was sent as `id`. @param {unknown} id */
  asked(id) {
    return this.#asked.get(Number(id));
  }

  /** A reply that needs no bubble: it says that the message was taken. @param {Message} reply */
  accepted({ $id, channel, sequence }) {
    const sent = this.#settle(Number($id));
    if (!sent) return;
    const { shown: bubble, appearance } = sent;
    if (!appearance?.channel || typeof channel !== "string" || typeof sequence !== "number") {
      return bubble.querySelector(".meta")?.append(" ✓");
    }
    // The event may have come before; else its bubble will take the place of this one.
    if (placed(this.#log, channel, sequence)) bubble.remove();
    else {
      mark(bubble, channel, sequence);
      settle(this.#log, bubble);
    }
  }

  /**
   * Shows what a channel brought, in its place by number.
   *
   * @param {HTMLElement} shown
   * @param {string} channel
   * @param {number | null} sequence
   * @param {import("./sent_messages.js").Own} [own] what this user said, if it is that
   */
  place(shown, channel, sequence, own) {
    if (sequence === null) return this.#append(shown);
    const twin = placed(this.#log, channel, sequence) ?? this.#claimed(channel, own);
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
      : this.#bubble("bot", "Sapa said", this.#answerContent(message));
    this.#quote(bubble, id);
    this.#append(bubble);
    return fault && id === this.#newestId ? fault.problems : [];
  }

  /** @param {Message} message */
  #answerContent(message) {
    const text = this.#read(message, this.asked(message.$id));
    return text === null ? messageContent(message) : textContent(text);
  }

  /** Shows what became of something sent without a bubble. @param {Message} message with an error */
  failed(message) {
    const fault = faultOf(message);
    if (fault) this.#append(this.#bubble("bot fault", "Error", faultContent(fault)));
  }

  /** There is no reply to these messages, and none is needed. @param {unknown[]} ids */
  expired(ids) {
    for (const id of ids) this.#settle(Number(id));
  }

  /** The socket is gone: what has no answer yet will not get one there. @param {unknown[]} ids */
  unanswered(ids) {
    for (const { shown } of this.#sent.lose(ids)) {
      this.#endWaiting(shown);
      const words = "The connection closed before an answer came, so this may not have arrived. ";
      shown.append(element("p", { class: "note" }, words));
    }
    this.#showTyping();
    this.#offerAgain();
    if (this.#following) this.toBottom();
  }

  /** Whether something can be sent. @param {boolean} connected */
  setConnected(connected) {
    this.#connected = connected;
    this.#offerAgain();
  }

  toBottom() {
    this.#following = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#latest.hidden = true;
  }

  /** Once connected: before that nothing can be sent, and in a channel the message may yet turn up. */
  #offerAgain() {
    for (const sent of this.#sent.unanswered) {
      const note = sent.shown.querySelector(".note");
      note?.querySelector("button")?.remove();
      if (this.#connected) note?.append(this.#againButton(sent));
    }
  }

  /** The message moves to the end, as the one that waits now. @param {Sent} sent */
  #againButton({ id, payload, shown }) {
    const again = element("button", { class: "link", type: "button" }, "Send again");
    again.addEventListener("click", () => {
      if (!this.#resend(payload)) return;
      this.#sent.settle(id);
      shown.remove();
    });
    return again;
  }

  /** The bubble of a message of this user that an event turns out to be. @param {string} channel @param {import("./sent_messages.js").Own | undefined} own */
  #claimed(channel, own) {
    const sent = own === undefined ? undefined : this.#sent.claim(channel, own);
    this.#showTyping();
    return sent?.shown;
  }

  /** A fault without `$id` belongs to the oldest open question. @param {boolean} isFault */
  #idOfUnnamed(isFault) {
    return isFault ? this.#sent.oldest : undefined;
  }

  /** @param {number} id */
  #settle(id) {
    const sent = this.#sent.settle(id);
    if (sent) this.#endWaiting(sent.shown);
    this.#showTyping();
    return sent;
  }

  /** @param {HTMLElement} bubble */
  #endWaiting(bubble) {
    bubble.classList.remove("pending");
    bubble.querySelector(".delivery")?.remove();
    bubble.querySelector(".note")?.remove();
  }

  #showTyping() {
    this.#typing.hidden = !this.#sent.awaitsReply;
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
