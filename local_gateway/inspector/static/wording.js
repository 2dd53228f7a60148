// @ts-check
/** Numbers and ids in a form for people. */

const CLOCK = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});

/** Local time to the millisecond. @param {number} at epoch milliseconds */
export function clock(at) {
  return CLOCK.format(at);
}

/** @param {number | null | undefined} milliseconds */
export function duration(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return "";
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1000) return `${milliseconds.toFixed(0)} ms`;
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

/** A length of time in its largest unit. @param {number} milliseconds */
export function age(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** @param {string} text */
export function size(text) {
  const bytes = new TextEncoder().encode(text).length;
  return bytes < 1024 ? `${bytes} bytes` : `${(bytes / 1024).toFixed(1)} KiB`;
}

/** The short form of a connection id. @param {string} id */
export function shortId(id) {
  return id.slice(0, 7);
}

const GOLDEN_ANGLE = 137.5;
/** @type {Map<string, number>} */
const hues = new Map();

/** A hue for a connection: far from those of its neighbours in time. @param {string} id */
export function hueOf(id) {
  const given = hues.get(id);
  if (given !== undefined) return given;
  const hue = Math.round(20 + hues.size * GOLDEN_ANGLE) % 360;
  hues.set(id, hue);
  return hue;
}
