// @ts-check
/** The list of rows: follows the newest, until somebody scrolls up or selects one. */

import { byId } from "./dom.js";
import { rowElement } from "./row.js";

/** @typedef {import("./traffic.js").Row} Row */

const NEAR_BOTTOM = 40;

export class Timeline {
  #list = byId("rows");
  #empty = byId("no-rows");
  #latest = byId("latest");
  /** @type {Row[]} */
  #shown = [];
  #selected = -1;
  #follows = true;
  #onSelect;

  /** @param {(row: Row | undefined) => void} onSelect */
  constructor(onSelect) {
    this.#onSelect = onSelect;
    this.#list.addEventListener("click", (event) => this.#clicked(event));
    this.#list.addEventListener("keydown", (event) => this.#pressed(event));
    this.#list.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#latest.addEventListener("click", () => this.#toBottom());
    new ResizeObserver(() => this.#keepPlace()).observe(this.#list);
  }

  /** Show exactly these rows. @param {Row[]} rows */
  replace(rows) {
    this.#shown = rows;
    this.#list.replaceChildren(...rows.map(elementOf));
    this.#settled();
  }

  /** @param {Row[]} rows */
  append(rows) {
    if (rows.length === 0) return;
    this.#shown.push(...rows);
    this.#list.append(...rows.map(elementOf));
    this.#settled();
  }

  /** Draw a row again. @param {Row} row */
  refresh(row) {
    const before = row.element;
    row.element = undefined;
    if (!before?.isConnected) return;
    before.replaceWith(elementOf(row));
    this.#mark();
  }

  /** @param {Row[]} rows */
  drop(rows) {
    if (rows.length === 0) return;
    const gone = new Set(rows);
    for (const row of rows) row.element?.remove();
    this.#shown = this.#shown.filter((row) => !gone.has(row));
  }

  /** Select no row. */
  leave() {
    this.#select(undefined);
    this.#follows = this.#isAtBottom();
    this.#list.focus();
  }

  #settled() {
    this.#empty.hidden = this.#shown.length > 0;
    this.#mark();
    if (this.#follows) this.#toBottom();
    this.#latest.hidden = this.#isAtBottom();
  }

  /** @param {Row | undefined} row */
  #select(row) {
    this.#selected = row?.number ?? -1;
    this.#mark();
    if (row) this.#follows = false;
    this.#onSelect(row);
    row?.element?.scrollIntoView({ block: "nearest" });
  }

  #mark() {
    this.#list.querySelector('[aria-selected="true"]')?.setAttribute("aria-selected", "false");
    const marked = document.getElementById(`row-${this.#selected}`);
    marked?.setAttribute("aria-selected", "true");
    if (marked) this.#list.setAttribute("aria-activedescendant", marked.id);
    else this.#list.removeAttribute("aria-activedescendant");
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const clicked = event.target instanceof Element ? event.target.closest("li") : null;
    const row = this.#shown.find(({ element }) => element === clicked);
    if (row && !window.getSelection()?.toString()) this.#select(row);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const last = this.#shown.length - 1;
    const at = this.#shown.findIndex(({ number }) => number === this.#selected);
    const page = Math.max(1, Math.floor(this.#list.clientHeight / 32) - 1);
    const from = at < 0 ? last + 1 : at;
    /** @type {Record<string, number>} */
    const places = {
      ArrowUp: from - 1,
      ArrowDown: at < 0 ? last : at + 1,
      PageUp: from - page,
      PageDown: at < 0 ? last : at + page,
      Home: 0,
      End: last,
    };
    const place = places[event.key];
    if (place === undefined || last < 0) return;
    event.preventDefault();
    this.#select(this.#shown[Math.min(last, Math.max(0, place))]);
  }

  #isAtBottom() {
    const { scrollTop, scrollHeight, clientHeight } = this.#list;
    return scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM;
  }

  #toBottom() {
    this.#follows = true;
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  #scrolled() {
    const isAtBottom = this.#isAtBottom();
    this.#latest.hidden = isAtBottom;
    this.#follows = isAtBottom && this.#selected < 0;
  }

  /** The list has got another height. */
  #keepPlace() {
    if (this.#follows) this.#toBottom();
    else document.getElementById(`row-${this.#selected}`)?.scrollIntoView({ block: "nearest" });
    this.#latest.hidden = this.#isAtBottom();
  }
}

/** @param {Row} row */
function elementOf(row) {
  row.element ??= rowElement(row);
  return row.element;
}
