// @ts-check
/** Who is writing something at this moment. */

import { element } from "../dom.js";

/** A page repeats the typing notice every few seconds; after this long without a notice the user has stopped. */
const STOPPED_AFTER_MS = 6_000;

export class Typing {
  /** Not announced: a screen reader would hardly get to read anything else. */
  element = element("p", { class: "writers", hidden: true });
  /** @type {Map<string, { name: string, room: string, timer: ReturnType<typeof setTimeout> }>} */
  #writers = new Map();

  /** @param {string} room @param {string} name */
  started(room, name) {
    this.#forget(room, name);
    const timer = setTimeout(() => this.stopped(room, name), STOPPED_AFTER_MS);
    this.#writers.set(`${room} ${name}`, { name, room, timer });
    this.#draw();
  }

  /** @param {string} room @param {string} name */
  stopped(room, name) {
    this.#forget(room, name);
    this.#draw();
  }

  /** @param {string} room @param {string} name */
  #forget(room, name) {
    clearTimeout(this.#writers.get(`${room} ${name}`)?.timer);
    this.#writers.delete(`${room} ${name}`);
  }

  #draw() {
    const rooms = new Set([...this.#writers.values()].map(({ room }) => room));
    const phrases = [...rooms].map((room) => this.#phrase(room));
    this.element.textContent = phrases.join(" ");
    this.element.hidden = phrases.length === 0;
  }

  /** @param {string} room */
  #phrase(room) {
    const names = [...this.#writers.values()].filter((it) => it.room === room).map((it) => it.name);
    if (names.length > 3) return `${names.length} people are typing in ${room}…`;
    const list = new Intl.ListFormat("en").format(names);
    return `${list} ${names.length === 1 ? "is" : "are"} typing in ${room}…`;
  }
}
