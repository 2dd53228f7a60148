// @ts-check
/** An answer of a streaming process that grows in the conversation, with a button that stops it. */

import { faultContent, faultOf, partContent } from "./content.js";
import { clockTime, element, spoken } from "./dom.js";

/** @typedef {import("./content.js").Message} Message */
/** @typedef {import("./sapa.js").AnswerEnd} AnswerEnd */

export class AnswerBubble {
  #content = element("div", { class: "content" });
  #progress = element("span", { class: "progress" });
  #origin = element("span", { class: "origin" });
  #stop = element("button", { class: "stop", type: "button" }, "Stop");
  #isStopping = false;
  element = element("div", { class: "message bot streamed", "aria-busy": "true" });

  /**
   * @param {object} options
   * @param {Date} options.at when it was asked for
   * @param {boolean} options.isRestored whether it was asked for before this page was loaded
   * @param {() => void} options.onStop
   */
  constructor({ at, isRestored, onStop }) {
    const bubble = element("div", { class: "bubble" }, spoken("Sapa said: "), this.#content);
    const meta = element("p", { class: "meta" }, clockTime(at), this.#origin, this.#progress, this.#stop);
    this.element.append(bubble, meta);
    this.#say(isRestored ? "Still running…" : "Writing…");
    this.#stop.addEventListener("click", () => {
      if (this.#isStopping) return;
      this.#isStopping = true;
      // Not `disabled`: that would throw away the keyboard focus.
      this.#stop.setAttribute("aria-disabled", "true");
      this.#say("Stopping…");
      onStop();
    });
  }

  /** Says where it was asked for, if not here. @param {string} text */
  setOrigin(text) {
    this.#origin.textContent = text && ` · ${text}`;
  }

  /** Parts of text grow together; any other part has a line. @param {Message} part */
  add(part) {
    const shown = partContent(part);
    const last = this.#content.lastElementChild;
    if (typeof shown !== "string") this.#content.append(shown);
    else if (last?.classList.contains("text")) last.append(shown);
    else this.#content.append(element("div", { class: "text" }, shown));
    if (!this.#isStopping) this.#say("Writing…");
  }

  working() {
    if (!this.#isStopping) this.#say("Still running…");
  }

  /** @param {AnswerEnd} end */
  end({ status, error }) {
    const fault = error && faultOf({ error });
    if (fault) this.#content.append(element("div", { class: "ended" }, ...faultContent(fault).children));
    else if (!this.#content.hasChildNodes()) this.#content.append(element("p", { class: "empty" }, "(empty answer)"));
    this.#say({ done: "", stopped: "Stopped", failed: "Failed" }[status]);
    this.element.removeAttribute("aria-busy");
    if (document.activeElement === this.#stop) {
      this.element.tabIndex = -1;
      this.element.focus({ preventScroll: true });
    }
    this.#stop.remove();
  }

  /** @param {string} text */
  #say(text) {
    const shown = text && ` · ${text}`;
    if (this.#progress.textContent !== shown) this.#progress.textContent = shown;
  }
}
