// @ts-check
/** The composer of an endpoint that takes one text: Enter sends, Shift+Enter starts a new line. */

import { Control } from "./control.js";
import { element, spoken } from "./dom.js";
import { sendIcon } from "./icon.js";

/** @typedef {import("./content.js").Message} Message */
/** @typedef {import("./content.js").FieldProblem} FieldProblem */
/** @typedef {import("./endpoints.js").Field} Field */

/**
 * What every composer offers; the other composer is the form with several fields.
 *
 * @typedef {object} Composer
 * @property {HTMLElement} element
 * @property {() => void} focus
 * @property {(problems: FieldProblem[]) => void} showProblems
 * @property {(payload: Message) => void} fill
 */

/** @implements {Composer} */
export class ChatBox {
  element = element("form", { class: "composer chatbox", novalidate: true });
  #input;
  #problem = element("p", { class: "problem", id: "chat-problem", role: "alert" });
  #field;
  #submit;
  /** Whether the schema says that an empty text has a meaning. */
  #takesEmpty;
  #switches;

  /**
   * @param {Field} field
   * @param {(payload: Message) => string | null} submit
   *   sends; returns why it could not, and then the text stays
   * @param {Field[]} [switches] for the next message only
   */
  constructor(field, submit, switches = []) {
    this.#field = field;
    this.#submit = submit;
    const { maxlength, minlength } = field.attributes;
    this.#takesEmpty = minlength === 0;
    this.#input = element("textarea", {
      name: field.name,
      id: "chat-input",
      rows: 1,
      maxlength,
      minlength,
      placeholder: "Write a message",
      autocomplete: "off",
      enterkeyhint: "send",
      "aria-describedby": "send-state chat-problem",
    });
    const label = element("label", { class: "visually-hidden", for: "chat-input" }, field.title);
    const send = element("button", { class: "primary send", type: "submit" }, sendIcon());
    send.append(spoken("Send"));
    const row = element("div", { class: "row" }, this.#input, send);
    this.#switches = switches.map((each) => new Control(each));
    this.element.append(label, this.#problem, row, ...this.#switches.map((control) => control.element));
    this.element.addEventListener("submit", (event) => this.#onSubmit(event));
    this.#input.addEventListener("keydown", (event) => this.#onKey(event));
    this.#input.addEventListener("input", () => {
      this.showProblems([]);
      this.#resize();
    });
  }

  focus() {
    this.#input.focus();
  }

  /** @param {FieldProblem[]} problems */
  showProblems(problems) {
    this.#problem.textContent = problems.map(({ problem }) => problem).join(" ");
    this.#input.toggleAttribute("aria-invalid", false);
    if (problems.length) this.#input.setAttribute("aria-invalid", "true");
  }

  /** @param {Message} payload */
  fill(payload) {
    this.#input.value = String(payload[this.#field.name] ?? "");
    for (const control of this.#switches) control.write(payload[control.field.name]);
    this.#resize();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    // While an input method composes, Enter picks the word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.element.requestSubmit();
  }

  /** @param {SubmitEvent} event */
  #onSubmit(event) {
    event.preventDefault();
    const text = this.#input.value;
    if (text.trim() === "" && !this.#takesEmpty) {
      this.showProblems([{ name: this.#field.name, problem: "Write a message first." }]);
      return this.focus();
    }
    const on = this.#switches.filter((control) => control.read() === true);
    const refused = this.#submit({
      [this.#field.name]: text,
      ...Object.fromEntries(on.map(({ field }) => [field.name, true])),
    });
    this.showProblems(refused ? [{ name: this.#field.name, problem: refused }] : []);
    if (!refused) {
      this.fill({});
    }
    this.focus();
  }

  /** Grows with the text up to the height the style sheet allows. */
  #resize() {
    this.#input.style.height = "auto";
    this.#input.style.height = `${this.#input.scrollHeight + 2}px`;
  }
}
