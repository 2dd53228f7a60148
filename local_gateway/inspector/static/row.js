// @ts-check
/** A row of the timeline: time, kind, text, connection, duration. */

import { element } from "./dom.js";
import { logMessage } from "./logline.js";
import { clock, duration, hueOf, shortId } from "./wording.js";

/** @typedef {import("./traffic.js").Row} Row */

const PREVIEW = 400;

/** The kinds with their buttons' names, in order. @type {Record<string, string>} */
export const KINDS = {
  frame: "Frames",
  call: "Invocations",
  log: "Logs",
  connection: "Connections",
  management: "Management",
  http: "HTTP",
};

/** A row's tag: its class and what it says. @param {Row} row @returns {[string, string]} */
function tag(row) {
  if (row.kind === "frame") return row.way === "in" ? ["in", "↑ in"] : ["out", "↓ out"];
  const words = { call: "call", log: "log", connection: "conn", management: "mgmt", http: "http" };
  return [row.kind, words[row.kind] ?? "…"];
}

/** What a row is about, in words; also the title of its details. @param {Row} row */
export function headline(row) {
  switch (row.kind) {
    case "frame":
      return row.way === "in" ? "Message from the client" : "Message to the client";
    case "log":
      return `Log of ${row.function}`;
    case "call":
      return row.route ?? row.function ?? "Invocation";
    default:
      return row.route ?? "";
  }
}

/** @param {Row} row @returns {(Node | string)[]} */
function content(row) {
  switch (row.kind) {
    case "frame":
      return [element("code", {}, preview(row.text ?? ""))];
    case "log": {
      const { level, message, rest } = logMessage(row.text ?? "");
      const mark = element("b", { class: `level ${level.toLowerCase()}` }, level);
      return [
        element("span", { class: "soft" }, row.function ?? "", " "),
        ...(level ? [mark, " "] : []),
        element("code", {}, preview(message)),
        element("span", { class: "soft" }, ` ${rest}`),
      ];
    }
    case "missed":
      return [element("em", {}, `${row.text} rows came too fast to be shown`)];
    default:
      return deed(row);
  }
}

/** @param {Row} row */
function deed(row) {
  const parts = [element("b", {}, headline(row)), " "];
  if (row.outcome && row.outcome !== "ok") {
    parts.push(element("span", { class: "outcome" }, row.outcome), " ");
  }
  if (row.cold) parts.push(element("span", { class: "cold" }, "cold"), " ");
  const backend = row.function ?? row.integration;
  if (row.route && backend) parts.push(element("span", { class: "soft" }, backend), " ");
  if (row.detail) parts.push(element("span", { class: "cause" }, preview(row.detail)));
  return parts;
}

/** @param {string} text */
function preview(text) {
  return text.length > PREVIEW ? `${text.slice(0, PREVIEW)}…` : text;
}

/** Whose a row is, in the colour of the connection. @param {string} id */
export function badge(id) {
  const made = element("span", { class: "badge", title: id }, shortId(id));
  made.style.setProperty("--hue", String(hueOf(id)));
  return made;
}

/** @param {Row} row */
export function rowElement(row) {
  const [kind, word] = tag(row);
  const time = element("time", { datetime: new Date(row.at).toISOString() }, clock(row.at));
  const made = element(
    "li",
    { role: "option", id: `row-${row.number}`, "aria-selected": "false", class: `row ${kind}` },
    time,
    element("span", { class: "tag" }, word),
    element("span", { class: "what" }, ...content(row)),
    ...(row.connection ? [badge(row.connection)] : []),
    element("span", { class: "took" }, duration(row.duration)),
  );
  made.classList.toggle("problem", Boolean(row.problem));
  made.classList.toggle("refused", /^[45]\d\d/.test(row.outcome ?? ""));
  return made;
}
