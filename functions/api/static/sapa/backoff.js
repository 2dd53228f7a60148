// @ts-check
/** How long to wait before the next try. */

const BACKOFF_FIRST_MS = 500;
export const BACKOFF_CEILING_MS = 30_000;

/**
 * The wait before try number `attempt` (0, 1, …), in milliseconds: exponential, and of that a
 * random part ("full jitter"), so that those who were cut off together do not return together.
 *
 * @param {number} attempt
 * @param {() => number} random
 */
export function backoff(attempt, random) {
  return random() * Math.min(BACKOFF_CEILING_MS, BACKOFF_FIRST_MS * 2 ** attempt);
}
