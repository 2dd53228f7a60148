// @ts-check
/** Answers in one line, with numbers as the reader's language writes them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { answerText } from "../../functions/api/static/answers.js";
import { localNumber } from "../../functions/api/static/numbers.js";

const ANSWER = { message: "5000 km = …", value: 196850393.7, unit: "in" };
const ASKED = { value: 5000, unit: "km" };

test("numbers are written as the language does, with all their digits", () => {
  assert.equal(localNumber(0.0003175, { locales: "en" }), "0.0003175");
  assert.equal(localNumber(1234567.891, { locales: "de" }), "1.234.567,891");
  assert.equal(localNumber(2, { decimals: 2, locales: "id" }), "2,00");
});

test("a conversion says each thing once", () => {
  assert.equal(answerText("convert", ANSWER, ASKED, "en"), "5,000 km = 196,850,393.7 in");
  assert.equal(answerText("convert", ANSWER, { ...ASKED, decimals: 2 }, "id"), "5.000 km = 196.850.393,70 in");
});

test("an answer that does not fit, or of another endpoint, is shown by its keys", () => {
  assert.equal(answerText("reply", ANSWER, ASKED), null);
  assert.equal(answerText("convert", { message: "?" }, ASKED), null);
  assert.equal(answerText("convert", ANSWER, {}), null);
  assert.equal(answerText("convert", ANSWER, undefined), null);
  assert.equal(answerText("toString", ANSWER, ASKED), null);
});
