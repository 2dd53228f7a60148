// @ts-check
/** Small, typed shorthands for building the page without markup strings. */

/**
 * Makes an element. Text goes in as text nodes only, so nothing a server sends can become markup.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | boolean | undefined>} [attributes]
 *   `true` sets an empty attribute; `false` and `undefined` leave it out.
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children);
  return made;
}

/**
 * The same for SVG.
 *
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @returns {SVGElementTagNameMap[K]}
 */
export function drawing(tag, attributes = {}) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/**
 * The element of index.html with this id, checked to be of the class the caller relies on.
 *
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const node = document.getElementById(id);
  if (!(node instanceof type)) throw new Error(`index.html has no ${type.name} with id "${id}"`);
  return node;
}

/**
 * A `<time>` element with the local clock time.
 *
 * @param {Date} at
 * @param {boolean} [precise] with seconds and milliseconds
 */
export function clockTime(at, precise = false) {
  const text = at.toLocaleTimeString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    ...(precise ? { second: "2-digit", fractionalSecondDigits: 3 } : {}),
  });
  return element("time", { datetime: at.toISOString() }, text);
}

/** Text for screen readers only. @param {string} text */
export function spoken(text) {
  return element("span", { class: "visually-hidden" }, text);
}
