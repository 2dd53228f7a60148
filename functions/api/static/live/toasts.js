// @ts-check
/** Notifications, over whatever the page shows; each once, whichever connection brought it. */

import { element } from "../dom.js";

const SHOWN_MS = 12_000;
const KEPT_KEYS = 500;
const MOST_AT_ONCE = 4;

export class Toasts {
  #region;
  /** @type {Set<string>} */ #seen = new Set();

  /** @param {HTMLElement} region with role `status`; it must be in the page before the first toast */
  constructor(region) {
    this.#region = region;
  }

  /** @param {string} key the same for the same notification @param {string} from may be empty @param {string} text */
  show(key, from, text) {
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    if (this.#seen.size > KEPT_KEYS) this.#seen.delete(/** @type {string} */ ([...this.#seen][0]));
    const close = element("button", { class: "close", type: "button", "aria-label": "Dismiss" }, "×");
    const lead = from ? [element("strong", {}, from), " "] : [];
    const toast = element("div", { class: "toast" }, element("p", {}, ...lead, text), close);
    close.addEventListener("click", () => toast.remove());
    this.#region.append(toast);
    while (this.#region.childElementCount > MOST_AT_ONCE) this.#region.firstElementChild?.remove();
    setTimeout(() => this.#fade(toast), SHOWN_MS);
  }

  clear() {
    this.#seen.clear();
    this.#region.replaceChildren();
  }

  /** Not under the pointer or the focus of somebody who is about to use it. @param {HTMLElement} toast */
  #fade(toast) {
    if (toast.matches(":hover, :focus-within")) setTimeout(() => this.#fade(toast), SHOWN_MS);
    else toast.remove();
  }
}
