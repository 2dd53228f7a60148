// @ts-check
/** Which rows are shown: by kind, by connection, by text. */

import { button, byId } from "./dom.js";
import { KINDS } from "./row.js";
import { shortId } from "./wording.js";

/** @typedef {import("./traffic.js").Row} Row */

export class Filter {
  #search = /** @type {HTMLInputElement} */ (byId("search"));
  #chip = byId("chosen");
  #off = new Set();
  #words = "";
  #changed;
  /** The connection that is shown alone; empty for all. */
  connection = "";

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
    this.#search.addEventListener("input", () => {
      this.#words = this.#search.value.trim().toLowerCase();
      changed();
    });
    this.#chip.addEventListener("click", () => this.choose(""));
    for (const [kind, name] of Object.entries(KINDS)) this.#addKind(kind, name);
  }

  /** Show a single connection. A second call, or an empty id, shows all. @param {string} id */
  choose(id) {
    this.connection = id === this.connection ? "" : id;
    this.#chip.hidden = !this.connection;
    this.#chip.textContent = `Only ${shortId(this.connection)} ✕`;
    this.#chip.setAttribute("aria-label", `Only ${this.connection}: show all connections again`);
    this.#changed();
  }

  focus() {
    this.#search.focus();
    this.#search.select();
  }

  /** @param {Row} row */
  admits(row) {
    if (row.kind === "missed") return true;
    if (this.#off.has(row.kind)) return false;
    if (this.connection && row.connection !== this.connection) return false;
    return !this.#words || haystack(row).includes(this.#words);
  }

  /** @param {string} kind @param {string} name */
  #addKind(kind, name) {
    const toggle = button(name, { "aria-pressed": "true", class: `kind ${kind}` }, () => {
      const off = !this.#off.delete(kind);
      if (off) this.#off.add(kind);
      toggle.setAttribute("aria-pressed", String(!off));
      this.#changed();
    });
    byId("kinds").append(toggle);
  }
}

/** @param {Row} row */
function haystack({ text, route, function: name, integration, outcome, detail, connection, request }) {
  const parts = [text, route, name, integration, outcome, detail, connection, request];
  return parts.join("\n").toLowerCase();
}
