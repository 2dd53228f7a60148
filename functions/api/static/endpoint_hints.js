// @ts-check
/**
 * Hints for single endpoints: which actions belong together, and which channels a reply means
 * that the page has joined. An endpoint without a hint gets a form from its schema. A hint that no
 * longer fits its endpoint is ignored.
 */

import { encodedUsername } from "./live/usernames.js";
import { isObject } from "./sapa/message.js";

/** @typedef {import("./content.js").Message} Message */
/**
 * @typedef {object} Effect
 * @property {string[]} [joined] channels
 * @property {string[]} [left]
 * @property {string} [remark] for the conversation
 */
/**
 * @typedef {object} Group inputs, and the actions that take them
 * @property {string[]} fields
 * @property {string[]} actions
 * @property {string[]} [required] fields without which these actions mean nothing
 */
/**
 * @typedef {object} Speech
 * @property {string} field
 * @property {string} action
 * @property {(payload: Message, username: string) => string} channel in which others read it
 */
/**
 * @typedef {object} EndpointHint
 * @property {Group[]} groups the fields of the first one go with every action
 * @property {Speech} [speech] what a chat box is for
 * @property {{ action: string, channel: (payload: Message) => string }} [typing] said while somebody
 *   in the channel writes
 * @property {(answer: Answer) => Effect | null} effect
 */
/**
 * @typedef {object} Answer
 * @property {Message} asked
 * @property {Message} reply
 * @property {string} username
 */

/** @type {Record<string, EndpointHint>} */
const ENDPOINT_HINTS = {
  chat: {
    groups: [{ fields: ["room"], actions: ["join", "leave"] }],
    speech: { field: "text", action: "say", channel: ({ room }) => `chat:${room}` },
    typing: { action: "typing", channel: ({ room }) => `chat:${room}` },
    effect({ asked: { action }, reply }) {
      const channel = String(reply.channel);
      const typing = channel.replace(/^chat:/, "typing:");
      if (action === "join") return { joined: [channel, typing] };
      if (action === "say") return { joined: [channel] };
      return action === "leave" ? { left: [channel, typing] } : {};
    },
  },
  exchange: {
    groups: [{ fields: ["symbols"], actions: ["subscribe", "unsubscribe"] }],
    effect({ reply: { snapshot, unsubscribed } }) {
      if (isObject(snapshot)) {
        return { joined: Object.keys(snapshot).map((symbol) => `price:${symbol}`) };
      }
      if (!Array.isArray(unsubscribed)) return null;
      return { left: unsubscribed.map((symbol) => `price:${symbol}`) };
    },
  },
  game: {
    groups: [{ fields: ["table"], actions: ["join", "again", "leave"] }],
    effect: ({ asked: { action }, reply }) => {
      if (action === "leave") return { left: [String(reply.channel)] };
      return action === "join" ? { joined: [String(reply.channel)] } : {};
    },
  },
  iot: {
    groups: [
      { fields: ["device"], actions: ["join", "leave"] },
      { fields: ["metric", "value"], actions: ["report"], required: ["value"] },
      { fields: ["command"], actions: ["command"] },
    ],
    effect: ({ asked: { action }, reply: { channel } }) => {
      if (action === "leave") return { left: [String(channel)] };
      return action === "join" ? { joined: [String(channel)] } : {};
    },
  },
  social: {
    groups: [
      { fields: [], actions: ["feed"] },
      { fields: ["user"], actions: ["follow", "unfollow"] },
    ],
    speech: { field: "text", action: "post", channel: (_, username) => postsOf(username) },
    effect({ asked: { action, user }, reply: { following }, username }) {
      if (!Array.isArray(following)) return {};
      const names = following.join(", ");
      const remark = names ? `You follow ${names}.` : "You follow nobody.";
      if (action === "unfollow") return { remark, left: [postsOf(user)] };
      const users = action === "feed" ? [username, ...following] : [user];
      return { remark, joined: users.map(postsOf) };
    },
  },
};

/** @param {string} endpoint @returns {EndpointHint | undefined} */
export function hintFor(endpoint) {
  return Object.hasOwn(ENDPOINT_HINTS, endpoint) ? ENDPOINT_HINTS[endpoint] : undefined;
}

/** @param {unknown} user */
function postsOf(user) {
  return `posts:${encodedUsername(String(user))}`;
}
