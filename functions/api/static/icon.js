// @ts-check
/** The few pictures the page draws itself. */

const SVG = "http://www.w3.org/2000/svg";

/** A paper plane. */
export function sendIcon() {
  return icon("M3.5 11.2 20.5 4l-5.6 16-3.3-6.6zM11.6 13.4 20.5 4");
}

/** @param {string} path in a 24 × 24 box */
function icon(path) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const stroke = document.createElementNS(SVG, "path");
  stroke.setAttribute("d", path);
  svg.append(stroke);
  return svg;
}
