// @ts-check
/** Words for what is wrong with a field. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { problemOf } from "../../functions/api/static/field_problems.js";

/** @typedef {import("../../functions/api/static/field_problems.js").Validity} Validity */
/** @typedef {import("../../functions/api/static/endpoints.js").Field} Field */

/** @param {Validity} validity @param {Partial<Field>} [field] */
function words(validity, { kind = "number", title = "Value", attributes = {} } = {}) {
  return problemOf(validity, { kind, title, attributes });
}

test("a number that is missing, or is none", () => {
  assert.equal(words({ valueMissing: true }), "Enter a number.");
  assert.equal(words({ badInput: true }), "Enter a number.");
  assert.equal(words({ badInput: true, valueMissing: true }, { kind: "integer" }), "Enter a whole number.");
});

test("a number outside its limits", () => {
  const attributes = { min: 0, max: 12, step: 1 };
  assert.equal(words({ rangeUnderflow: true }, { attributes }), "Enter 0 or more.");
  assert.equal(words({ rangeOverflow: true }, { attributes }), "Enter 12 or less.");
  assert.equal(words({ stepMismatch: true }, { attributes }), "Enter a whole number.");
  assert.equal(words({ stepMismatch: true }, { attributes: { step: 0.5 } }), "Enter a multiple of 0.5.");
});

test("a text that is missing, too long, too short, or in another form", () => {
  const field = { kind: /** @type {const} */ ("text"), title: "Room", attributes: { minlength: 2, maxlength: 64 } };
  assert.equal(words({ valueMissing: true }, field), "Enter a value for “Room”.");
  assert.equal(words({ tooShort: true }, field), "Enter at least 2 characters.");
  assert.equal(words({ tooLong: true }, field), "Enter at most 64 characters.");
  assert.match(words({ patternMismatch: true }, field), /^This contains characters/);
  const email = { ...field, attributes: { type: "email" } };
  assert.equal(words({ typeMismatch: true }, email), "Enter an e-mail address, such as ana@example.com.");
});

test("a choice that is not made", () => {
  assert.equal(words({ valueMissing: true }, { kind: "choice" }), "Choose one of the options.");
  assert.equal(words({ valueMissing: true }, { kind: "boolean" }), "Choose yes or no.");
});

test("nothing is wrong with what is valid", () => assert.equal(words({}), ""));
