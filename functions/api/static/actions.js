// @ts-check
/**
 * The composer of an endpoint with an `action`: its choices are buttons beside the inputs that
 * they take. An endpoint with a hint gets groups and a chat box; any other gets a single form.
 */

import { ChatBox } from "./chatbox.js";
import { Control, FieldValueError } from "./control.js";
import { element, spoken } from "./dom.js";
import { titled } from "./endpoints.js";
import { FieldsForm } from "./form.js";

/** @typedef {import("./chatbox.js").Composer} Composer */
/** @typedef {import("./content.js").Message} Message */
/** @typedef {import("./content.js").FieldProblem} FieldProblem */
/** @typedef {import("./endpoints.js").Endpoint} Endpoint */
/** @typedef {import("./endpoints.js").Field} Field */
/** @typedef {import("./endpoint_hints.js").Group} Group */
/** @typedef {import("./endpoint_hints.js").EndpointHint} EndpointHint */

export const ACTION = "action";

/** Whether an endpoint has actions to press. @param {Endpoint} endpoint */
export function hasActions({ fields }) {
  return fields.some(({ name, kind }) => name === ACTION && kind === "choice");
}

/** The endpoint's hint, if it still fits the endpoint's fields. @param {Endpoint} endpoint @param {EndpointHint | undefined} hint */
export function matching({ fields }, hint) {
  if (!hint) return undefined;
  const names = new Set(fields.map(({ name }) => name));
  const actions = new Set(fields.find(({ name }) => name === ACTION)?.choices);
  const { groups, speech, typing } = hint;
  const fits =
    groups.every((it) => it.fields.every((name) => names.has(name)) && it.actions.every((name) => actions.has(name))) &&
    (!speech || (names.has(speech.field) && actions.has(speech.action))) &&
    (!typing || actions.has(typing.action));
  return fits ? hint : undefined;
}

/** @implements {Composer} */
export class ActionsBar {
  element = element("div", { class: "composer actions" });
  #fields;
  #submit;
  #hint;
  #problem = element("p", { class: "problem", role: "alert" });
  /** @type {Map<string, Control>} */ #controls = new Map();
  /** @type {ChatBox | null} */ #box = null;
  /** The form as the schema has it, once somebody wants it. @type {FieldsForm | null} */
  #form = null;
  #quick = element("div", { class: "quick" });
  #toggle = element("button", { class: "quiet more", type: "button", "aria-expanded": "false" });

  /**
   * @param {Endpoint} endpoint
   * @param {EndpointHint | undefined} hint
   * @param {(payload: Message) => string | null} submit sends; returns why it could not
   * @param {(payload: Message) => void} onTyping
   */
  constructor({ fields }, hint, submit, onTyping) {
    this.#fields = fields;
    this.#hint = hint;
    this.#submit = submit;
    const action = /** @type {Field} */ (fields.find(({ name }) => name === ACTION));
    const all = fields.filter((field) => field !== action).map(({ name }) => name);
    const groups = hint?.groups ?? [{ fields: all, actions: action.choices.map(String) }];
    this.#quick.append(...groups.map((group) => this.#group(group)));
    if (hint) this.#quick.append(this.#toggle);
    this.#toggle.append(element("span", { "aria-hidden": "true" }, "⋯"), spoken("All inputs"));
    this.#toggle.title = "All inputs";
    this.#toggle.addEventListener("click", () => this.#swap());
    this.element.append(this.#quick, this.#problem);
    if (hint?.speech) this.#addBox(hint.speech, onTyping);
  }

  focus() {
    const [first] = this.#controls.values();
    if (this.#form) this.#form.focus();
    else if (this.#box) this.#box.focus();
    else if (first) first.focus();
    else this.element.querySelector("button")?.focus();
  }

  /** @param {FieldProblem[]} problems */
  showProblems(problems) {
    if (this.#form) return this.#form.showProblems(problems);
    for (const control of this.#controls.values()) control.showProblem("");
    const controlOf = (/** @type {FieldProblem} */ { name }) => this.#controls.get(name.split(".")[0]);
    // A field shows its first problem: later problems often follow from it.
    for (const problem of [...problems].reverse()) controlOf(problem)?.showProblem(problem.problem);
    const left = problems.filter((problem) => !controlOf(problem));
    const forBox = left.filter(({ name }) => name === this.#hint?.speech?.field);
    this.#box?.showProblems(forBox);
    const rest = left.filter((problem) => !forBox.includes(problem));
    this.#problem.textContent = rest.map(({ name, problem }) => [name, problem].filter(Boolean).join(": ")).join(" ");
  }

  /** @param {Message} payload */
  fill(payload) {
    for (const [name, control] of this.#controls) if (name in payload) control.write(payload[name]);
    this.#box?.fill(payload);
    this.#form?.fill(payload);
  }

  /** @param {Group} group */
  #group({ fields, actions, required = [] }) {
    const form = element("form", { class: "group", novalidate: true });
    for (const name of fields) {
      const control = new Control(/** @type {Field} */ (this.#fields.find((it) => it.name === name)));
      this.#controls.set(name, control);
      if (required.includes(name)) control.require();
      form.append(control.element);
    }
    for (const action of actions) {
      const button = element("button", { class: "action", type: "submit", value: action }, titled(action));
      form.append(button);
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      // Enter in a field is the group's first action.
      const pressed = event.submitter instanceof HTMLButtonElement ? event.submitter.value : actions[0];
      this.#send(fields, { [ACTION]: pressed });
    });
    return form;
  }

  /** @param {NonNullable<EndpointHint["speech"]>} speech @param {(payload: Message) => void} onTyping */
  #addBox({ field, action }, onTyping) {
    const described = /** @type {Field} */ (this.#fields.find(({ name }) => name === field));
    const box = new ChatBox(described, (payload) => this.#send([], { [ACTION]: action, ...payload }) ?? null);
    box.element.classList.remove("composer");
    box.element.addEventListener("input", () => onTyping(this.#read([]).payload));
    this.element.append(box.element);
    this.#box = box;
  }

  /** @param {string[]} fields @param {Message} rest @returns {string | null} why it was not sent */
  #send(fields, rest) {
    const { payload, problems } = this.#read(fields);
    this.showProblems(problems);
    if (problems.length) {
      this.#controls.get(problems[0].name)?.focus();
      return "Not sent: look at the fields above.";
    }
    const refused = this.#submit({ ...rest, ...payload });
    if (refused) this.#problem.textContent = refused;
    return refused;
  }

  /** The given fields and those that go with every action. @param {string[]} names */
  #read(names) {
    /** @type {Message} */ const payload = {};
    /** @type {FieldProblem[]} */ const problems = [];
    for (const name of new Set([...(this.#hint?.groups[0].fields ?? []), ...names])) {
      try {
        const value = this.#controls.get(name)?.read();
        if (value !== undefined) payload[name] = value;
      } catch (error) {
        if (!(error instanceof FieldValueError)) throw error;
        problems.push({ name, problem: error.message });
      }
    }
    return { payload, problems };
  }

  /** The quick buttons give way to the whole form, and the other way round. */
  #swap() {
    const open = this.#form === null;
    this.#toggle.setAttribute("aria-expanded", String(open));
    for (const group of this.#quick.querySelectorAll("form.group")) group.toggleAttribute("hidden", open);
    this.#box?.element.toggleAttribute("hidden", open);
    this.#form?.element.remove();
    this.#form = null;
    if (!open) return this.focus();
    // Two controls of a name would share an id.
    this.#form = new FieldsForm(this.#fields, this.#submit, "whole");
    this.element.append(this.#form.element);
    this.#form.focus();
  }
}
