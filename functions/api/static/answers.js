// @ts-check
/**
 * How the answers of single endpoints read where their keys and values would repeat each other. An
 * answer without an entry here, or that no longer fits it, is shown by its keys. No DOM here.
 */

import { localNumber } from "./numbers.js";

/** @typedef {import("./content.js").Message} Message */
/** @typedef {(answer: Message, asked: Message, locales?: string) => string | null} Reading */

/** @type {Record<string, Reading>} */
const READINGS = {
  convert({ value, unit }, { value: given, unit: from, decimals }, locales) {
    if (typeof value !== "number" || typeof given !== "number") return null;
    if (typeof unit !== "string" || typeof from !== "string") return null;
    const shown = typeof decimals === "number" ? { decimals, locales } : { locales };
    return `${localNumber(given, { locales })} ${from} = ${localNumber(value, shown)} ${unit}`;
  },
};

/**
 * An answer in one line, or null.
 *
 * @param {string} endpoint
 * @param {Message} answer
 * @param {Message | undefined} asked
 * @param {string} [locales] the browser's by default
 */
export function answerText(endpoint, answer, asked, locales) {
  if (!asked || !Object.hasOwn(READINGS, endpoint)) return null;
  return READINGS[endpoint](answer, asked, locales);
}
