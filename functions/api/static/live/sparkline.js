// @ts-check
/** A line of values, small enough to stand beside a number. */

import { drawing } from "../dom.js";

const WIDTH = 120;
const HEIGHT = 36;
const MARGIN = 3;

export class Sparkline {
  #area = drawing("path", { class: "spark-area" });
  #line = drawing("path", { class: "spark-line" });
  /** A line of no length with round ends is a dot, which stretching the picture leaves round. */
  #end = drawing("path", { class: "spark-end" });
  element = drawing("svg", {
    class: "spark",
    role: "img",
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
  });

  constructor() {
    this.element.append(this.#area, this.#line, this.#end);
  }

  /** @param {number[]} values oldest first @param {string} label the picture in words */
  draw(values, label) {
    this.element.setAttribute("aria-label", label);
    const points = pointsOf(values);
    if (points.length === 0) return;
    const line = points.map(([x, y]) => `${x} ${y}`).join("L");
    const [x, y] = points[points.length - 1];
    this.#line.setAttribute("d", `M${line}`);
    this.#area.setAttribute("d", `M${points[0][0]} ${HEIGHT}L${line}L${x} ${HEIGHT}Z`);
    this.#end.setAttribute("d", `M${x} ${y}h0`);
  }
}

/** @param {number[]} values @returns {[number, number][]} */
function pointsOf(values) {
  const low = Math.min(...values);
  const range = Math.max(...values) - low;
  const step = (WIDTH - 2 * MARGIN) / Math.max(1, values.length - 1);
  return values.map((value, index) => {
    const share = range === 0 ? 0.5 : (value - low) / range;
    // One value alone stands at the right end, where the newest one always is.
    const x = values.length === 1 ? WIDTH - MARGIN : MARGIN + index * step;
    return [rounded(x), rounded(HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN))];
  });
}

/** @param {number} value */
function rounded(value) {
  return Math.round(value * 100) / 100;
}
