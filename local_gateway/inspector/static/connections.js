// @ts-check
/** The open connections: who they are, how busy, and a button that closes each. */

import { button, byId, element } from "./dom.js";
import { closeConnection } from "./feed.js";
import { badge } from "./row.js";
import { age, clock } from "./wording.js";

/**
 * @typedef {object} Connection
 * @property {string} id
 * @property {string} api
 * @property {string} stage
 * @property {string} ip
 * @property {string | null} agent
 * @property {number} since epoch milliseconds, like `active`
 * @property {number} active
 * @property {number} in
 * @property {number} out
 */

/** @typedef {{ item: HTMLElement, only: HTMLElement, idle: HTMLElement, counts: HTMLElement, connection: Connection }} Card */

const MOST_SHOWN = 100;

export class Connections {
  #list = byId("connections");
  #count = byId("connection-count");
  #empty = byId("no-connections");
  /** @type {Map<string, Connection>} */
  #open = new Map();
  /** @type {Map<string, Card>} */
  #cards = new Map();
  #chosen = "";
  #choose;

  /** @param {(id: string) => void} choose shows a single connection, or all again */
  constructor(choose) {
    this.#choose = choose;
    setInterval(() => this.#tick(), 1000);
  }

  /** These are all. @param {Connection[]} connections */
  replace(connections) {
    this.#open = new Map(connections.map((connection) => [connection.id, connection]));
    this.#draw();
  }

  /** @param {Connection[]} changed @param {string[]} gone */
  update(changed, gone) {
    for (const connection of changed) this.#open.set(connection.id, connection);
    for (const id of gone) this.#open.delete(id);
    this.#draw();
  }

  /** @param {string} id */
  mark(id) {
    this.#chosen = id;
    this.#draw();
  }

  #draw() {
    const all = [...this.#open.values()];
    const shown = all.filter(({ id }, at) => at < MOST_SHOWN || id === this.#chosen);
    const wanted = new Set(shown.map(({ id }) => id));
    for (const [id, { item }] of this.#cards) {
      if (wanted.has(id)) continue;
      item.remove();
      this.#cards.delete(id);
    }
    for (const connection of shown) this.#drawCard(connection);
    this.#count.textContent = String(all.length);
    const hidden = all.length - shown.length;
    this.#empty.textContent = hidden ? `and ${hidden} more` : "Nobody is connected.";
    this.#empty.hidden = all.length > 0 && hidden === 0;
    this.#tick();
  }

  /** @param {Connection} connection */
  #drawCard(connection) {
    let card = this.#cards.get(connection.id);
    if (!card) {
      card = this.#makeCard(connection);
      this.#cards.set(connection.id, card);
      this.#list.append(card.item);
    }
    card.connection = connection;
    card.counts.textContent = `↑ ${connection.in}  ↓ ${connection.out}`;
    card.counts.title = `${connection.in} messages in, ${connection.out} out`;
    card.only.setAttribute("aria-pressed", String(connection.id === this.#chosen));
  }

  /** @param {Connection} connection @returns {Card} */
  #makeCard(connection) {
    const { id, api, stage, ip, agent, since } = connection;
    const counts = element("span", { class: "counts" });
    const idle = element("span", { class: "idle" });
    const only = button("", { class: "only", title: agent ?? "" }, () => this.#choose(id));
    only.append(
      element("span", { class: "line" }, badge(id), element("span", { class: "soft" }, ip)),
      element("span", { class: "line" }, element("b", {}, `${api} / ${stage}`), counts),
      element("span", { class: "line soft" }, `since ${clock(since).slice(0, 8)}`, idle),
    );
    const close = button("Close", { class: "quiet close", "aria-label": `Close connection ${id}` }, () => {
      close.setAttribute("disabled", "");
      closeConnection(id).catch(() => close.removeAttribute("disabled"));
    });
    return { item: element("li", {}, only, close), only, idle, counts, connection };
  }

  #tick() {
    for (const { idle, connection } of this.#cards.values()) {
      idle.textContent = `active ${age(Date.now() - connection.active)} ago`;
    }
  }
}
