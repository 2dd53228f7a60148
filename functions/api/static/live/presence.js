// @ts-check
/** Who is in a channel, and since when. */

import { clockTime, element, spoken } from "../dom.js";

/** @typedef {{ username: string, since: number }} Member `since` is epoch milliseconds */

/** @param {unknown} value @returns {value is Member[]} */
export function isMembers(value) {
  return (
    Array.isArray(value) &&
    value.every((member) => typeof member?.username === "string" && typeof member.since === "number")
  );
}

/** A list that stays hidden until somebody says who is there: half a list would be a lie. */
export class PresenceList {
  #count = element("span");
  #list = element("ul", { class: "people" });
  element = element("div", { class: "presence", hidden: true });
  #username;
  /** @type {Map<string, number>} */ #since = new Map();
  /** Heard before the list came, which may be older: `0` for those who left. @type {Map<string, number>} */
  #news = new Map();
  #complete = false;

  /** @param {string} channel @param {string} username who looks at the page */
  constructor(channel, username) {
    this.#username = username;
    this.#list.setAttribute("aria-label", `In ${channel}`);
    this.element.append(element("p", { class: "count" }, this.#count, " here"), this.#list);
  }

  /** @param {Member[]} members */
  set(members) {
    this.#since = new Map(members.map(({ username, since }) => [username, since]));
    if (!this.#complete) for (const [name, since] of this.#news) this.#note(name, since);
    this.#complete = true;
    this.#draw();
  }

  /** @param {string} name @param {number} since */
  joined(name, since) {
    if (!this.#complete) this.#news.set(name, since);
    this.#note(name, since);
    this.#draw();
  }

  /** @param {string} name */
  left(name) {
    if (!this.#complete) this.#news.set(name, 0);
    this.#note(name, 0);
    this.#draw();
  }

  /** @param {string} name @param {number} since */
  #note(name, since) {
    if (since === 0) this.#since.delete(name);
    else if (!this.#since.has(name)) this.#since.set(name, since);
  }

  #draw() {
    if (!this.#complete) return;
    const names = [...this.#since].sort(([a], [b]) => a.localeCompare(b));
    this.#count.textContent = String(names.length);
    this.#list.replaceChildren(...names.map(([name, since]) => this.#person(name, since)));
    this.element.hidden = false;
  }

  /** @param {string} name @param {number} since */
  #person(name, since) {
    const you = name === this.#username ? element("span", { class: "you" }, " (you)") : "";
    const time = element("span", { class: "since" }, spoken(", since "), clockTime(new Date(since)));
    const dot = element("span", { class: "dot", "aria-hidden": "true" });
    return element("li", {}, dot, element("span", { class: "name" }, name, you), time);
  }
}
