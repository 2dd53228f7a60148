// @ts-check
/** Turns what travels on the socket into something to look at: text, key/value lists, JSON, errors. */

import { element } from "./dom.js";
import { localNumber } from "./numbers.js";
import { isTransportFault } from "./sapa/message.js";

/** @typedef {{ [key: string]: unknown }} Message */
/** @typedef {{ name: string, problem: string }} FieldProblem */
/** @typedef {{ title: string, text: string, problems: FieldProblem[], reference: string }} Fault */

/** @type {Record<string, string>} */
const FAULT_TITLES = {
  invalid_json: "Not valid JSON",
  not_an_object: "Not a JSON object",
  invalid_message: "Invalid message",
  process_failed: "Something went wrong on the server",
  reply_too_large: "The reply was too large",
  rate_limited: "Too many messages",
  refused: "Not possible",
  invalid_channel: "Invalid channel name",
  too_many_channels: "In too many channels",
  forbidden_channel: "Not your channel",
  state_conflict: "Changed by somebody else",
  in_progress: "Still being processed",
  too_many_answers: "Too many answers at once",
  unknown_answer: "No such answer",
  interrupted: "Interrupted",
  answer_timeout: "Took too long",
  session_ended: "Your login has ended",
  model_unset: "No language model yet",
  model_unreachable: "The language model does not answer",
  model_refused: "The language model refuses",
  model_busy: "The language model is busy",
  model_failed: "The language model failed",
  model_timeout: "The language model took too long",
  model_interrupted: "The language model was interrupted",
  model_filtered: "Filtered by the language model",
  model_length: "The answer is too long",
  timeout: "No answer",
  not_connected: "Not connected",
};

/**
 * The object in a text frame, or null when the frame holds anything else.
 *
 * @param {string} text
 * @returns {Message | null}
 */
export function parsed(text) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * The fault a frame reports, or null when it is a normal reply.
 *
 * @param {Message} message
 * @returns {Fault | null}
 */
export function faultOf(message) {
  if (isTransportFault(message)) {
    const reference = String(message.requestId ?? message.messageId);
    return { title: "API Gateway", text: String(message.message), problems: [], reference };
  }
  const error = message.error;
  if (!error || typeof error !== "object" || !("code" in error)) return null;
  const { code, message: text, fields, request_id: requestId } = /** @type {any} */ (error);
  return {
    title: Object.hasOwn(FAULT_TITLES, code) ? FAULT_TITLES[code] : String(code),
    text: String(text ?? ""),
    problems: problemsOf(fields),
    reference: requestId ? String(requestId) : "",
  };
}

/** @param {unknown} fields a list of `{field, problem}` or a mapping of name to problem @returns {FieldProblem[]} */
function problemsOf(fields) {
  if (!fields || typeof fields !== "object") return [];
  if (!Array.isArray(fields)) {
    return Object.entries(fields).map(([name, problem]) => ({ name, problem: worded(problem) }));
  }
  return fields.map((entry) => {
    if (!entry || typeof entry !== "object") return { name: String(entry), problem: "" };
    const { field, name, problem, message, ...rest } = entry;
    return { name: String(field ?? name ?? ""), problem: worded(problem ?? message ?? rest) };
  });
}

/** @param {unknown} value */
function worded(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The body of an error bubble. @param {Fault} fault */
export function faultContent({ title, text, problems, reference }) {
  /** @type {HTMLElement[]} */
  const parts = [element("p", { class: "fault-title" }, title)];
  if (text) parts.push(element("p", {}, text));
  const list = problems.map(({ name, problem }) =>
    element("li", {}, element("code", {}, name), problem ? ` ${problem}` : ""),
  );
  if (problems.length) parts.push(element("ul", {}, ...list));
  if (reference) parts.push(element("p", { class: "reference" }, `Request ${reference}`));
  return element("div", { class: "content" }, ...parts);
}

/**
 * The body of a bubble: plain text for `{"<textKey>": "…"}`, a list for flat values, else JSON.
 * Reserved keys (`$…`) are the protocol's and not shown.
 *
 * @param {Message} message
 * @param {string} [textKey]
 */
export function messageContent(message, textKey = "message") {
  const entries = Object.entries(message).filter(([key]) => !key.startsWith("$"));
  const [first] = entries;
  if (entries.length === 1 && first[0] === textKey && typeof first[1] === "string") {
    return textContent(first[1]);
  }
  if (entries.length === 0) return element("div", { class: "content empty" }, "(empty)");
  if (entries.every(([, value]) => value === null || typeof value !== "object")) {
    return flatContent(entries, textKey);
  }
  const text = JSON.stringify(Object.fromEntries(entries), null, 2);
  return element("div", { class: "content" }, element("pre", {}, text));
}

/** A part of an answer: its text, or a line that names what it has. @param {Message} part @returns {string | HTMLElement} */
export function partContent(part) {
  const entries = Object.entries(part).filter(([key]) => !key.startsWith("$"));
  const [first] = entries;
  if (entries.length === 1 && first[0] === "message" && typeof first[1] === "string") return first[1];
  const isFlat = (/** @type {unknown} */ value) => value === null || typeof value !== "object";
  const words = entries.map(([key, value]) => `${key}: ${isFlat(value) ? shown(value) : JSON.stringify(value)}`);
  return element("p", { class: "line" }, words.join(" · ") || "(empty)");
}

/** A text with details under it, or the details alone. @param {[string, unknown][]} entries @param {string} textKey */
function flatContent(entries, textKey) {
  const lead = entries.find(([key, value]) => key === textKey && typeof value === "string");
  const details = entries.filter((entry) => entry !== lead);
  const rows = details.map(([key, value]) =>
    element("div", {}, element("dt", {}, key), element("dd", {}, shown(value))),
  );
  const list = element("dl", { class: lead ? "details" : "rows" }, ...rows);
  if (!lead) return element("div", { class: "content" }, list);
  return element("div", { class: "content" }, element("p", {}, String(lead[1])), list);
}

/** @param {unknown} value not an object */
function shown(value) {
  return typeof value === "number" ? localNumber(value) : String(value);
}

/** Documentation as Python has it: paragraphs between blank lines, code in backticks. @param {string} text */
export function documentation(text) {
  const paragraphs = text.split(/\n\s*\n/).filter((paragraph) => paragraph.trim());
  return paragraphs.map((paragraph) => {
    const pieces = paragraph.trim().replaceAll(/\s+/g, " ").split(/`+/);
    // Split at backticks, every second piece was between two of them.
    const nodes = pieces.map((piece, index) => (index % 2 ? element("code", {}, piece) : piece));
    return element("p", {}, ...nodes);
  });
}

/** @param {string} text */
export function textContent(text) {
  return element("div", { class: text ? "content text" : "content empty" }, text || "(empty text)");
}

/** A message in one line. @param {Message} message */
export function summary(message) {
  const entries = Object.entries(message).filter(([key]) => !key.startsWith("$"));
  const words =
    entries.length === 1
      ? worded(entries[0][1])
      : entries.map(([key, value]) => `${key}: ${worded(value)}`).join(", ");
  return words.length > 60 ? `${words.slice(0, 59)}…` : words;
}
