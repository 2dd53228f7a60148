// @ts-check
/** What frames hold: JSON objects, some of them about channels. */

/** @typedef {Record<string, unknown>} Message a JSON object */
/**
 * @typedef {object} ChannelEvents
 * @property {{ channel: string, sequence: number | null, sentAt: number, payload: Message }} event
 *   something published, once each; by arrival, so order by `sequence` where that matters.
 *   `sentAt` is in epoch milliseconds
 * @property {{ channel: string, sequence: number }} joined the server let this page in when the
 *   channel was at `sequence`; what follows comes
 * @property {{ channel: string, sentAt: number, joined?: string, left?: string }} presence
 * @property {{ channel: string, members: { username: string, since: number }[] }} members
 *   after a resume
 * @property {{ channel: string, from: number, to: number }} gap these events are lost: history does
 *   not reach back to them
 * @property {{ channel: string }} left the server refused to let this page back into the channel
 */

const ANSWER_PREFIX = "answer:";

/** The channel of an answer. @param {string} id */
export function answerChannel(id) {
  return `${ANSWER_PREFIX}${id}`;
}

/** @param {string} channel */
export function isAnswerChannel(channel) {
  return channel.startsWith(ANSWER_PREFIX);
}

/** The id of the answer that comes in a channel. @param {string} channel */
export function answerIn(channel) {
  return channel.slice(ANSWER_PREFIX.length);
}

/** The object in a text frame, or null for any other text. @param {string} text @returns {Message | null} */
export function parsed(text) {
  try {
    const value = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** @param {unknown} value @returns {value is Message} */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param {unknown} value @returns {value is number} */
export function isSequence(value) {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/**
 * API Gateway's own error frame: exactly `message`, `connectionId` and `requestId` (some pages of
 * the developer guide say `messageId`). It names no `$id`, and no business process made it.
 *
 * @param {Message} message
 */
export function isTransportFault(message) {
  const keys = Object.keys(message);
  return (
    keys.length === 3 &&
    "message" in message &&
    "connectionId" in message &&
    ("requestId" in message || "messageId" in message)
  );
}
