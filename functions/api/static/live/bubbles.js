// @ts-check
/** What channels put into the conversation: bubbles of people, and quiet lines. */

import { clockTime, element, spoken } from "../dom.js";

/**
 * Something that somebody said in a channel.
 *
 * @param {object} saying
 * @param {string} saying.channel
 * @param {string} saying.from the speaker; empty when nobody knows
 * @param {string} saying.username who looks at the page
 * @param {number} saying.sentAt epoch milliseconds
 * @param {HTMLElement} content
 */
export function saying({ channel, from, username, sentAt }, content) {
  const mine = from !== "" && from === username;
  const speaker = mine ? "You" : from || channel;
  const head = element("p", { class: "sender", "aria-hidden": "true" }, speaker);
  const bubble = element("div", { class: "bubble" }, spoken(`${speaker} in ${channel}: `), content);
  const place = element("span", { class: "place" }, channel);
  const meta = element("p", { class: "meta" }, clockTime(new Date(sentAt)), " ", place);
  const made = element("div", { class: `message ${mine ? "mine" : "theirs"}` });
  made.dataset.speaker = `${channel} ${from}`;
  if (!mine) made.append(head);
  made.append(bubble, meta);
  return made;
}

/**
 * A remark of the page itself, or of something that is not worth a bubble.
 *
 * @param {number} at epoch milliseconds
 * @param {...(Node | string)} words
 */
export function remark(at, ...words) {
  const text = element("span", {}, ...words);
  return element("p", { class: "remark" }, text, " ", clockTime(new Date(at)));
}
