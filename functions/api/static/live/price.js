// @ts-check
/** `price:SYMBOL`: the last price, its change, and the way there. */

import { element, spoken } from "../dom.js";
import { Sparkline } from "./sparkline.js";

/** @typedef {{ sequence: number, price: number }} Point */

const KEPT_POINTS = 90;

/** @type {import("./view.js").ViewMaker} */
export function priceView({ subject }) {
  const card = new PriceCard(subject);
  return {
    element: card.element,
    headed: false,
    social: false,
    lossy: true,
    show({ sequence, payload: { price } }) {
      if (typeof price === "number") card.add({ sequence: sequence ?? Infinity, price });
      return null;
    },
  };
}

class PriceCard {
  #symbol;
  #last = element("span", { class: "last" }, "–");
  #change = element("span", { class: "change" });
  #spark = new Sparkline();
  element = element("div", { class: "price" });
  /** By sequence: events overtake each other. @type {Point[]} */
  #points = [];

  /** @param {string} symbol */
  constructor(symbol) {
    this.#symbol = symbol;
    const head = element("p", {}, element("strong", {}, symbol), " ", this.#last, " ", this.#change);
    this.element.append(head, this.#spark.element);
    this.#spark.draw([], `${symbol}: no price yet`);
  }

  /** @param {Point} point */
  add(point) {
    const at = this.#points.findLastIndex(({ sequence }) => sequence <= point.sequence);
    this.#points.splice(at + 1, 0, point);
    this.#points = this.#points.slice(-KEPT_POINTS);
    this.#draw();
  }

  #draw() {
    const prices = this.#points.map(({ price }) => price);
    const [first, last] = [prices[0], prices[prices.length - 1]];
    const change = last - first;
    const trend = change > 0 ? "up" : change < 0 ? "down" : "same";
    this.element.dataset.trend = trend;
    this.#last.textContent = formatted(last);
    const percent = first === 0 ? "" : ` (${formatted((Math.abs(change) / first) * 100)} %)`;
    const arrow = element("span", { "aria-hidden": "true" }, { up: "▲", down: "▼", same: "●" }[trend]);
    const direction = { up: " up ", down: " down ", same: " unchanged " }[trend];
    this.#change.replaceChildren(arrow, spoken(direction), ` ${formatted(Math.abs(change))}${percent}`);
    const range = `from ${formatted(Math.min(...prices))} to ${formatted(Math.max(...prices))}`;
    this.#spark.draw(prices, `${this.#symbol}, last ${prices.length} prices: ${range}`);
  }
}

/** @param {number} value */
function formatted(value) {
  return value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}
