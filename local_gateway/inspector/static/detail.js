// @ts-check
/** Everything about the selected row. */

import { button, byId, element } from "./dom.js";
import { pretty } from "./pretty.js";
import { badge, headline } from "./row.js";
import { clock, duration, size } from "./wording.js";

/** @typedef {import("./traffic.js").Row} Row */

export class Detail {
  #panel = byId("detail");
  #title = byId("detail-title");
  #body = byId("detail-body");
  #logsOf;
  #choose;
  /** @type {Row | undefined} */
  #row;

  /**
   * @param {object} parts
   * @param {(row: Row) => Row[]} parts.logsOf
   * @param {(connection: string) => void} parts.choose shows a single connection
   * @param {() => void} parts.close
   */
  constructor({ logsOf, choose, close }) {
    this.#logsOf = logsOf;
    this.#choose = choose;
    byId("detail-close").addEventListener("click", close);
  }

  get isOpen() {
    return !this.#panel.hidden;
  }

  /** @param {Row | undefined} row */
  show(row) {
    this.#row = row;
    this.#panel.hidden = !row;
    document.body.classList.toggle("with-detail", Boolean(row));
    if (row) this.#draw(row);
  }

  /** Draw again if this row is shown. @param {Row[]} changed */
  refresh(changed) {
    if (this.#row && changed.includes(this.#row)) this.#draw(this.#row);
  }

  /** @param {Row} row */
  #draw(row) {
    this.#title.textContent = headline(row);
    const parts = [this.#facts(row)];
    if (row.text !== undefined) parts.push(...quotation(row.text));
    const logs = row.kind === "log" ? [] : this.#logsOf(row);
    if (logs.length > 0) {
      parts.push(element("h3", {}, "Log"), ...logs.map(({ text }) => pretty(text ?? "")));
    }
    this.#body.replaceChildren(...parts);
    this.#body.scrollTop = 0;
  }

  /** @param {Row} row */
  #facts(row) {
    const list = element("dl", { class: "facts" });
    /** @param {string} name @param {...(Node | string)} values */
    const add = (name, ...values) =>
      list.append(element("div", {}, element("dt", {}, name), element("dd", {}, ...values)));
    add("Time", clock(row.at));
    if (row.connection) add("Connection", ...this.#connection(row.connection));
    if (row.function) add("Function", row.function);
    if (row.integration) add("Integration", row.integration);
    if (row.outcome) add("Outcome", element("span", { class: row.problem ? "bad" : "" }, row.outcome));
    if (row.detail) add("Cause", row.detail);
    if (row.duration !== null && row.duration !== undefined) add("Duration", duration(row.duration));
    if (row.init) add("Initialisation", duration(row.init));
    else if (row.cold) add("Cold start", "yes");
    if (row.request) add("Request id", element("code", {}, row.request));
    if (row.stream) add("Stream", row.stream);
    if (row.kind === "frame") add("Size", size(row.text ?? ""));
    return list;
  }

  /** @param {string} id */
  #connection(id) {
    const only = button("Only this connection", { class: "link" }, () => this.#choose(id));
    return [badge(id), " ", element("code", {}, id), " ", only];
  }
}

/** @param {string} text */
function quotation(text) {
  const copy = button("Copy", { class: "quiet" }, async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = "Copied";
  });
  return [element("div", { class: "quotation-head" }, element("h3", {}, "Text"), copy), pretty(text)];
}
