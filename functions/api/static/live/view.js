// @ts-check
/** What the page asks of whatever shows a channel, and what it offers to it. */

/** @typedef {import("../content.js").Message} Message */
/** @typedef {{ channel: string, sequence: number | null, sentAt: number, payload: Message }} ChannelEvent `sentAt` is epoch milliseconds */
/**
 * @typedef {object} ViewContext
 * @property {string} channel
 * @property {string} subject the channel's name after its prefix
 * @property {string} username who looks at the page
 * @property {(payload: Message) => void} act sends a message of the endpoint, for a click
 * @property {import("./typing.js").Typing} typing
 * @property {import("./toasts.js").Toasts} toasts
 */
/**
 * @typedef {object} View
 * @property {HTMLElement} [element] stays beside the conversation while the page is in the channel
 * @property {boolean} [headed] whether the channel's name stands above `element`; yes by default
 * @property {boolean} [social] whether it matters who is there; yes by default
 * @property {boolean} [lossy] whether lost events are not worth a word; no by default
 * @property {(event: ChannelEvent) => HTMLElement | null} show takes an event; returns what the
 *   conversation gets of it
 * @property {(reply: Message) => HTMLElement | null} [reply] the same for a reply about the channel
 */
/** @typedef {(context: ViewContext) => View} ViewMaker */

export {};
