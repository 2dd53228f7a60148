// @ts-check
/** What is wrong with the text in a control, in words that do not depend on the browser. No DOM here. */

/** @typedef {import("./endpoints.js").Field} Field */
/** @typedef {Partial<Omit<ValidityState, "valid">>} Validity as the browser's `ValidityState` has it */

/** @type {Record<string, string>} */
const EXAMPLES = {
  email: "Enter an e-mail address, such as ana@example.com.",
  url: "Enter an address, such as https://example.com.",
  date: "Enter a date.",
  time: "Enter a time.",
  "datetime-local": "Enter a date and a time.",
};

/** @type {Partial<Record<Field["kind"], string>>} */
const WANTED = {
  number: "Enter a number.",
  integer: "Enter a whole number.",
  choice: "Choose one of the options.",
  boolean: "Choose yes or no.",
  json: "Enter JSON.",
};

/**
 * The first problem, or an empty string.
 *
 * @param {Validity} validity
 * @param {Pick<Field, "kind" | "title" | "attributes">} field
 */
export function problemOf(validity, { kind, title, attributes }) {
  const { min, max, step, minlength, maxlength, type } = attributes;
  const wanted = WANTED[kind] ?? EXAMPLES[String(type)];
  // A number field that holds no number looks empty to the script.
  if (validity.badInput) return wanted ?? `Enter ${startOf(title)} in another form.`;
  if (validity.valueMissing) return wanted ?? `Enter ${startOf(title)}.`;
  if (validity.typeMismatch) return wanted ?? "This is not in the expected form.";
  if (validity.rangeUnderflow) return `Enter ${min} or more.`;
  if (validity.rangeOverflow) return `Enter ${max} or less.`;
  if (validity.stepMismatch) return Number(step) === 1 ? "Enter a whole number." : `Enter a multiple of ${step}.`;
  if (validity.tooShort) return `Enter at least ${minlength} characters.`;
  if (validity.tooLong) return `Enter at most ${maxlength} characters.`;
  if (validity.patternMismatch) return "This contains characters that are not allowed here, or is not in the expected form.";
  return "";
}

/** A field's title inside a sentence: `Unit` becomes `a value for “Unit”`. @param {string} title */
function startOf(title) {
  return `a value for “${title}”`;
}
