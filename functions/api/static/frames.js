// @ts-check
/** The raw-frames view: everything on the wire, with time and direction, newest last. */

import { clockTime, element } from "./dom.js";
import { localNumber } from "./numbers.js";

/** @typedef {import("./sapa.js").Frame} Frame */

const KEPT_FRAMES = 200;
const SHOWN_CHARACTERS = 4000;

/** @type {Record<Frame["direction"], { arrow: string, word: string }>} */
const DIRECTIONS = {
  sent: { arrow: "↑", word: "sent" },
  received: { arrow: "↓", word: "received" },
  event: { arrow: "·", word: "socket" },
};

export class FramesView {
  #panel;
  #list;
  #toggle;

  /**
   * @param {object} parts
   * @param {HTMLElement} parts.panel
   * @param {HTMLElement} parts.list
   * @param {HTMLElement} parts.toggle
   * @param {HTMLElement} parts.clear
   * @param {HTMLElement} parts.close
   */
  constructor({ panel, list, toggle, clear, close }) {
    this.#panel = panel;
    this.#list = list;
    this.#toggle = toggle;
    toggle.addEventListener("click", () => this.#show(panel.hidden !== false));
    clear.addEventListener("click", () => this.clear());
    close.addEventListener("click", () => {
      this.#show(false);
      toggle.focus();
    });
  }

  /** @param {Frame} frame */
  add({ direction, text, at }) {
    const { arrow, word } = DIRECTIONS[direction];
    const follow = this.#isAtBottom();
    const long = text.length > SHOWN_CHARACTERS;
    const shown = long
      ? `${text.slice(0, SHOWN_CHARACTERS)}… (${localNumber(text.length)} characters)`
      : text;
    const sign = element("span", { "aria-hidden": "true" }, arrow);
    const mark = element("span", { class: "direction" }, sign, ` ${word}`);
    this.#list.append(
      element("li", { class: direction }, clockTime(at, true), mark, element("code", {}, shown)),
    );
    while (this.#list.childElementCount > KEPT_FRAMES) this.#list.firstElementChild?.remove();
    if (follow) this.#list.scrollTop = this.#list.scrollHeight;
  }

  clear() {
    this.#list.replaceChildren();
  }

  /** @param {boolean} open */
  #show(open) {
    this.#panel.hidden = !open;
    this.#toggle.setAttribute("aria-expanded", String(open));
    document.body.classList.toggle("with-frames", open);
    if (open) this.#list.scrollTop = this.#list.scrollHeight;
  }

  #isAtBottom() {
    const { scrollTop, scrollHeight, clientHeight } = this.#list;
    return scrollHeight - scrollTop - clientHeight < 40;
  }
}
