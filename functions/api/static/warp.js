// @ts-check
/** How many times sooner than on AWS quiet and old sockets are closed: `?warp=N` in the address. */

/** With more, what takes its own time, such as a handshake, would not be done in time. */
const CEILING = 1_000;

/** @param {string} search of the page's address @returns {number} 1 where it says nothing */
export function warpIn(search) {
  const text = new URLSearchParams(search).get("warp");
  if (text === null) return 1;
  const warp = Number(text);
  if (warp >= 1 && warp <= CEILING) return warp;
  console.warn(`The address says warp=${text}, which is no number from 1 to ${CEILING}: 1 is taken.`);
  return 1;
}
