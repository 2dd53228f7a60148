// @ts-check
/** One field of a form: label, control, hint, problem; and the value it stands for. */

import { element } from "./dom.js";
import { problemOf } from "./field_problems.js";

/** @typedef {import("./endpoints.js").Field} Field */

/** Thrown by `read` when the text in the control cannot be a value of the field. */
export class FieldValueError extends Error {}

export class Control {
  element;
  #input;
  #problem;

  /** @param {Field} field @param {string} [prefix] of the ids, unique on the page with the name */
  constructor(field, prefix = "field") {
    this.field = field;
    const id = `${prefix}-${field.name}`;
    this.#problem = element("p", { class: "problem", id: `${id}-problem` });
    this.#input = inputFor(field);
    this.#input.id = id;
    this.#input.setAttribute("aria-describedby", `${id}-hint ${id}-problem`);
    const label = element("label", { for: id }, field.title);
    if (!field.required && field.initial === undefined) {
      label.append(element("span", { class: "optional" }, " optional"));
    }
    const hint = element("p", { class: "hint", id: `${id}-hint` }, field.hint);
    const isCheckbox = this.#input.type === "checkbox";
    const parts = isCheckbox ? [this.#input, label] : [label, this.#input];
    const kind = isCheckbox ? "checkbox" : field.kind;
    this.element = element("div", { class: `field ${kind}` }, ...parts, hint, this.#problem);
    this.#input.addEventListener("input", () => this.showProblem(""));
    this.write(isNumeric(field) ? undefined : field.initial);
  }

  /** Makes the control need a value, whatever the schema says, and shows no default. */
  require() {
    this.#input.required = true;
    this.#input.removeAttribute("placeholder");
    this.element.querySelector(".optional")?.remove();
  }

  focus() {
    this.#input.focus();
  }

  /** @param {string} text empty when all is well */
  showProblem(text) {
    this.#problem.textContent = text;
    if (text) this.#input.setAttribute("aria-invalid", "true");
    else this.#input.removeAttribute("aria-invalid");
  }

  /**
   * The value for the message; undefined leaves the key out.
   *
   * @returns {unknown}
   * @throws {FieldValueError} saying what is wrong, for the person who typed it
   */
  read() {
    const input = this.#input;
    if (input instanceof HTMLInputElement && input.type === "checkbox") return input.checked;
    if (!input.checkValidity()) {
      throw new FieldValueError(problemOf(input.validity, this.field) || input.validationMessage);
    }
    if (input.value === "") return undefined;
    const { kind, choices } = this.field;
    if (kind === "choice") return choices[Number(input.value)];
    if (kind === "boolean") return input.value === "true";
    if (kind === "number" || kind === "integer") return numberIn(input.value, kind);
    if (kind === "list") return input.value.split(/[\s,]+/).filter(Boolean);
    return kind === "json" ? jsonIn(input.value) : input.value;
  }

  /** Shows a value, or the empty control for undefined. @param {unknown} value */
  write(value) {
    const input = this.#input;
    const { kind, choices } = this.field;
    if (input instanceof HTMLInputElement && input.type === "checkbox") {
      input.checked = value === true;
    } else if (value === undefined || value === null) {
      if (!(input instanceof HTMLSelectElement)) input.value = "";
      else input.selectedIndex = 0;
    } else if (kind === "choice") input.value = String(choices.indexOf(value));
    else if (kind === "list" && Array.isArray(value)) input.value = value.join(", ");
    else input.value = kind === "json" ? JSON.stringify(value, null, 2) : String(value);
  }
}

/** Whether an empty control is a missing number, which is not 0. @param {Field} field */
function isNumeric({ kind }) {
  return kind === "number" || kind === "integer";
}

/** What the server takes when the control is empty. @param {Field} field */
function placeholderFor({ kind, initial }) {
  if (!["text", "number", "integer", "list"].includes(kind)) return undefined;
  const shown = [initial].flat().join(", ");
  return shown && `${shown} (default)`;
}

/** @param {Field} field */
function inputFor(field) {
  const { name, kind, required, attributes, initial } = field;
  const placeholder = placeholderFor(field);
  const shared = { name, required, autocomplete: "off", placeholder };
  if (kind === "choice" || (kind === "boolean" && !required && initial === undefined)) {
    return selectFor(field);
  }
  if (kind === "boolean") return element("input", { name, type: "checkbox" });
  if (kind === "json") {
    return element("textarea", { ...shared, rows: 4, spellcheck: "false", placeholder: "JSON" });
  }
  if (kind === "text" || kind === "list") return element("input", { type: "text", ...shared, ...attributes });
  const inputmode = kind === "integer" ? "numeric" : "decimal";
  return element("input", { type: "number", inputmode, ...shared, ...attributes });
}

/** @param {Field} field */
function selectFor({ name, kind, required, initial, choices }) {
  const select = element("select", { name, required });
  if (initial === undefined) {
    select.append(element("option", { value: "" }, required ? "Choose…" : "—"));
  }
  if (kind === "boolean") {
    select.append(element("option", { value: "true" }, "Yes"));
    select.append(element("option", { value: "false" }, "No"));
  }
  for (const [index, choice] of choices.entries()) {
    select.append(element("option", { value: index }, String(choice)));
  }
  return select;
}

/** @param {string} text @param {"number" | "integer"} kind */
function numberIn(text, kind) {
  const value = Number(text);
  if (Number.isFinite(value) && (kind === "number" || Number.isSafeInteger(value))) return value;
  throw new FieldValueError("This number is too large.");
}

/** @param {string} text */
function jsonIn(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new FieldValueError('This must be JSON, for example ["a", "b"] or {"key": 1}.');
  }
}
