// @ts-check
/** The composer of an endpoint with several inputs: a form made from its schema. */

import { Control, FieldValueError } from "./control.js";
import { element } from "./dom.js";

/** @typedef {import("./content.js").Message} Message */
/** @typedef {import("./content.js").FieldProblem} FieldProblem */
/** @typedef {import("./endpoints.js").Field} Field */

/** @typedef {import("./chatbox.js").Composer} Composer */

/** @implements {Composer} */
export class FieldsForm {
  element = element("form", { class: "composer fields", novalidate: true });
  /** @type {Control[]} */ #controls;
  #problem = element("p", { class: "problem", role: "alert" });
  #send = element("button", { class: "primary", type: "submit" }, "Send");
  #submit;

  /**
   * @param {Field[]} fields
   * @param {(payload: Message) => string | null} submit sends; returns why it could not
   * @param {string} [prefix] of the controls' ids
   */
  constructor(fields, submit, prefix) {
    this.#submit = submit;
    this.#controls = fields.map((field) => new Control(field, prefix));
    this.#send.setAttribute("aria-describedby", "send-state");
    const grid = element("div", { class: "grid" }, ...this.#controls.map((it) => it.element));
    this.element.append(grid, this.#problem, this.#send);
    this.element.addEventListener("submit", (event) => this.#onSubmit(event));
  }

  focus() {
    (this.#controls[0] ?? this.#send).focus();
  }

  /** Puts each problem at its field; those of unknown fields go beside the button. @param {FieldProblem[]} problems */
  showProblems(problems) {
    // What is wrong inside a value, as in `symbols.0`, is wrong with its field.
    const firstLast = [...problems].reverse();
    const left = new Map(firstLast.map(({ name, problem }) => [this.#fieldOf(name), problem]));
    for (const control of this.#controls) {
      control.showProblem(left.get(control.field.name) ?? "");
      left.delete(control.field.name);
    }
    this.#problem.textContent = [...left].map((pair) => pair.filter(Boolean).join(": ")).join(" ");
    const wrong = new Set(problems.map(({ name }) => this.#fieldOf(name)));
    this.#controls.find(({ field }) => wrong.has(field.name))?.focus();
  }

  /** @param {string} name */
  #fieldOf(name) {
    return this.#controls.find(({ field }) => name.startsWith(`${field.name}.`))?.field.name ?? name;
  }

  /** @param {Message} payload */
  fill(payload) {
    for (const control of this.#controls) control.write(payload[control.field.name]);
  }

  /** @param {SubmitEvent} event */
  #onSubmit(event) {
    event.preventDefault();
    const { payload, problems } = this.#read();
    this.showProblems(problems);
    if (problems.length) return;
    const refused = this.#submit(payload);
    if (refused) this.showProblems([{ name: "", problem: refused }]);
  }

  #read() {
    /** @type {Message} */ const payload = {};
    /** @type {FieldProblem[]} */ const problems = [];
    for (const control of this.#controls) {
      const { name } = control.field;
      try {
        const value = control.read();
        if (value !== undefined) payload[name] = value;
      } catch (error) {
        if (!(error instanceof FieldValueError)) throw error;
        problems.push({ name, problem: error.message });
      }
    }
    return { payload, problems };
  }
}
