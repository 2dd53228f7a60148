// @ts-check
/** `device:NAME`: the last values of a device, and the commands to it. */

import { clockTime, element } from "../dom.js";
import { localNumber } from "../numbers.js";
import { isObject } from "../sapa/message.js";
import { remark } from "./bubbles.js";

/** @typedef {import("../content.js").Message} Message */
/** @typedef {import("./view.js").ViewContext} ViewContext */
/** @typedef {import("./view.js").ChannelEvent} ChannelEvent */

/** @type {import("./view.js").ViewMaker} */
export function deviceView(context) {
  const device = new Device(context);
  return {
    element: device.element,
    show: (event) => device.show(event),
    reply: (reply) => device.read(reply),
  };
}

class Device {
  #context;
  #rows = element("tbody");
  #waiting = element("ul", { class: "waiting" });
  element = element("div", { class: "device", hidden: true });
  /** @type {Map<string, { at: number, row: HTMLElement }>} */ #metrics = new Map();
  /** @type {Map<string, { command: string, shown: HTMLElement }>} */ #commands = new Map();

  /** @param {ViewContext} context */
  constructor(context) {
    this.#context = context;
    const titles = ["Metric", "Value", "Time"].map((title) => element("th", { scope: "col" }, title));
    const caption = element("caption", { class: "visually-hidden" }, `Last values of ${context.subject}`);
    const head = element("thead", {}, element("tr", {}, ...titles));
    this.element.append(element("table", {}, caption, head, this.#rows), this.#waiting);
  }

  /** The last values and open commands, as the answer to a join has them. @param {Message} reply */
  read({ values, waiting }) {
    for (const [metric, last] of Object.entries(isObject(values) ? values : {})) {
      if (isObject(last)) this.#value(metric, last.value, Number(last.at));
    }
    for (const [number, command] of Object.entries(isObject(waiting) ? waiting : {})) {
      this.#command(number, String(command));
    }
    return null;
  }

  /** @param {ChannelEvent} event */
  show({ payload, sentAt }) {
    const { metric, value, command, number, from, acknowledged } = payload;
    const name = this.#context.subject;
    if (typeof metric === "string") this.#value(metric, value, sentAt);
    else if (typeof command === "string") {
      this.#command(String(number), command);
      const who = from === this.#context.username ? "You" : (from ?? "Somebody");
      return remark(sentAt, `${who} to ${name}: “${command}”`);
    } else if (typeof acknowledged === "string") {
      const done = this.#acknowledged(acknowledged);
      return remark(sentAt, done ? `${name} has done “${done}”` : `${name} acknowledged a command`);
    }
    return null;
  }

  /** @param {string} metric @param {unknown} value @param {number} at epoch milliseconds */
  #value(metric, value, at) {
    const shown = this.#metrics.get(metric);
    if (shown && shown.at > at) return;
    const text = typeof value === "number" ? localNumber(value) : String(value);
    const title = element("th", { scope: "row" }, metric);
    const time = element("td", {}, clockTime(new Date(at)));
    const row = element("tr", {}, title, element("td", { class: "value" }, text), time);
    if (shown) shown.row.replaceWith(row);
    else this.#rows.append(row);
    this.#metrics.set(metric, { at, row });
    this.element.hidden = false;
  }

  /** @param {string} number @param {string} command */
  #command(number, command) {
    if (this.#commands.has(number)) return;
    const done = element("button", { class: "quiet", type: "button" }, "Acknowledge");
    done.setAttribute("aria-label", `Acknowledge “${command}”`);
    done.addEventListener("click", () => {
      this.#context.act({ action: "acknowledge", device: this.#context.subject, number });
    });
    const shown = element("li", {}, element("span", {}, `Waiting: “${command}”`), done);
    this.#commands.set(number, { command, shown });
    this.#waiting.append(shown);
    this.element.hidden = false;
  }

  /** @param {string} number */
  #acknowledged(number) {
    const entry = this.#commands.get(number);
    entry?.shown.remove();
    this.#commands.delete(number);
    return entry?.command ?? "";
  }
}
