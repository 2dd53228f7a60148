// @ts-check
/**
 * What the server sends unasked, for one endpoint: channel events go into the conversation; members and
 * pictures stand beside it. How a channel looks is up to `live/registry.js`,
 * what an answer means for channels up to `endpoint_hints.js`.
 */

import { element } from "./dom.js";
import { remark } from "./live/bubbles.js";
import { isMembers, PresenceList } from "./live/presence.js";
import { viewOf } from "./live/registry.js";
import { Typing } from "./live/typing.js";
import { isObject, isSequence } from "./sapa/message.js";

/** @typedef {import("./content.js").Message} Message */
/** @typedef {import("./live/view.js").ChannelEvent} ChannelEvent */
/** @typedef {import("./live/view.js").View} View */
/** @typedef {import("./sapa.js").SapaEvents} SapaEvents */
/** @typedef {import("./endpoint_hints.js").Effect} Effect */
/** @typedef {import("./endpoint_hints.js").EndpointHint} EndpointHint */
/** @typedef {{ view: View, people: PresenceList, section: HTMLElement }} Shown */
/**
 * @typedef {object} LiveOptions
 * @property {string} username
 * @property {EndpointHint | undefined} hint
 * @property {import("./sapa.js").Sapa} sapa
 * @property {import("./conversation.js").Conversation} conversation
 * @property {import("./live/toasts.js").Toasts} toasts
 * @property {(payload: Message) => void} act sends what a click on a picture means
 */

const KEPT_SEQUENCES = 2_000;
const EVENT_DEPTH = 3;

export class Live {
  element = element("aside", { class: "live", "aria-label": "Channels", hidden: true });
  typing = new Typing();
  #options;
  /** @type {Map<string, Shown>} */ #shown = new Map();
  /** Events that the conversation has, by channel: answers repeat what came by itself. @type {Map<string, Set<number>>} */
  #seen = new Map();
  /** Which message let the page into a channel. @type {Map<string, Message>} */
  #joins = new Map();
  /** @type {Set<string>} */ #left = new Set();

  /** @param {LiveOptions} options */
  constructor(options) {
    this.#options = options;
    const { sapa } = options;
    sapa.on("joined", ({ channel }) => this.#left.delete(channel));
    sapa.on("event", (event) => this.#event(event));
    sapa.on("presence", (news) => this.#presence(news));
    sapa.on("members", ({ channel, members }) => this.#members(channel, members));
    sapa.on("gap", (gap) => this.#gap(gap));
    sapa.on("left", ({ channel }) => this.#refused(channel));
    sapa.on("state", ({ status }) => status === "connected" && this.#rejoin());
  }

  /** Whether the page has joined a channel and not left it. @param {string} channel */
  isIn(channel) {
    return this.#joins.has(channel);
  }

  /**
   * Takes what a reply says about channels; false when it says nothing of the kind.
   *
   * @param {Message} reply
   * @param {Message} asked
   */
  reply(reply, asked) {
    const { hint, username } = this.#options;
    const events = eventsIn(reply, EVENT_DEPTH);
    const effect = hint?.effect({ asked, reply, username }) ?? null;
    const { channel, members, sequence } = reply;
    if (!effect && events.length === 0 && !(typeof channel === "string" && isSequence(sequence))) return false;
    this.#follow(effect ?? {}, asked);
    if (effect?.remark) this.#remark(effect.remark);
    for (const event of events) this.#event(event);
    if (typeof channel === "string" && !this.#left.has(channel)) {
      if (isMembers(members)) this.#members(channel, members);
      const shown = this.isIn(channel) && this.#of(channel).view.reply?.(reply);
      if (shown) this.#options.conversation.place(shown, channel, null);
      this.#arrange();
    }
    return true;
  }

  /** @param {Effect} effect @param {Message} asked */
  #follow({ joined = [], left = [] }, asked) {
    for (const channel of joined) {
      this.#left.delete(channel);
      this.#joins.set(channel, asked);
      this.#of(channel);
    }
    for (const channel of left) this.#leave(channel);
  }

  /** @param {string} channel */
  #leave(channel) {
    this.#options.sapa.forget(channel);
    this.#joins.delete(channel);
    this.#left.add(channel);
    this.#shown.get(channel)?.section.remove();
    this.#shown.delete(channel);
    this.#arrange();
  }

  /** @param {ChannelEvent} event */
  #event(event) {
    const { channel, sequence, sentAt, payload } = event;
    // On its way when the page left.
    if (this.#left.has(channel)) return this.#options.sapa.forget(channel);
    if (sequence !== null && !this.#isNew(channel, sequence)) return;
    const shown = this.#of(channel).view.show(event);
    this.#arrange();
    const { from, text } = payload;
    const isOwn = from === this.#options.username && typeof text === "string";
    const own = isOwn ? { text, sentAt } : undefined;
    if (shown) this.#options.conversation.place(shown, channel, sequence, own);
  }

  /** @param {string} channel @param {number} sequence */
  #isNew(channel, sequence) {
    const seen = this.#seen.get(channel) ?? new Set();
    this.#seen.set(channel, seen);
    if (seen.has(sequence)) return false;
    seen.add(sequence);
    if (seen.size > KEPT_SEQUENCES) seen.delete(seen.values().next().value ?? 0);
    return true;
  }

  /** @param {SapaEvents["presence"]} news */
  #presence({ channel, sentAt, joined, left }) {
    if (this.#left.has(channel)) return;
    const { view, people } = this.#of(channel);
    if (joined) people.joined(joined, sentAt);
    if (left) people.left(left);
    this.#arrange();
    const who = joined ?? left;
    // One's own coming and going needs no announcement.
    if (view.social === false || !who || who === this.#options.username) return;
    this.#remark(`${who} ${joined ? "joined" : "left"} ${channel}`, sentAt);
  }

  /** @param {string} channel @param {SapaEvents["members"]["members"]} members */
  #members(channel, members) {
    if (this.#left.has(channel)) return;
    this.#of(channel).people.set(members);
    this.#arrange();
  }

  /** @param {SapaEvents["gap"]} gap */
  #gap({ channel, from, to }) {
    if (this.#of(channel).view.lossy) return;
    const what = from === to ? `Event ${to}` : `Events ${from} to ${to}`;
    const text = `${what} of ${channel} came while you were away and can no longer be read.`;
    const shown = remark(Date.now(), text);
    shown.classList.add("gap");
    this.#options.conversation.place(shown, channel, to);
  }

  /** @param {string} channel */
  #refused(channel) {
    const worthTelling = this.#shown.has(channel) && !this.#of(channel).view.lossy;
    this.#leave(channel);
    if (worthTelling) this.#remark(`You are no longer in ${channel}.`);
  }

  /** A new socket is in no channel; `sapa` goes back to those of which it has seen an event, the rest is up to us. */
  #rejoin() {
    const { sapa } = this.#options;
    const missing = [...this.#joins].filter(([channel]) => !sapa.channels.includes(channel));
    for (const asked of new Set(missing.map(([, asked]) => asked))) {
      sapa.ask(asked).then(
        (reply) => this.reply(reply, asked),
        // The connection is gone again, and comes back; or the join is refused now.
        (error) => error.reply && missing.forEach(([channel, by]) => by === asked && this.#refused(channel)),
      );
    }
  }

  /** @param {string} text @param {number} [at] epoch milliseconds */
  #remark(text, at = Date.now()) {
    this.#options.conversation.place(remark(at, text), "", null);
  }

  /** @param {string} channel @returns {Shown} */
  #of(channel) {
    const existing = this.#shown.get(channel);
    if (existing) return existing;
    const { username, toasts, act } = this.#options;
    const view = viewOf({ channel, username, toasts, act, typing: this.typing });
    const people = new PresenceList(channel, username);
    const section = element("section", { class: "channel", "aria-label": channel, hidden: true });
    if (view.headed !== false) section.append(element("h2", {}, channel));
    if (view.element) section.append(view.element);
    if (view.social !== false) section.append(people.element);
    const made = { view, people, section };
    this.#shown.set(channel, made);
    this.element.append(section);
    this.#arrange();
    return made;
  }

  /** Only what has something to show is shown. */
  #arrange() {
    for (const { view, people, section } of this.#shown.values()) {
      const hasPeople = view.social !== false && !people.element.hidden;
      section.hidden = !hasPeople && (view.element?.hidden ?? true);
    }
    this.element.hidden = [...this.#shown.values()].every(({ section }) => section.hidden);
  }
}

/** The events in an answer, wherever they are in it: a history, a snapshot, a feed. @param {unknown} value @param {number} depth @returns {ChannelEvent[]} */
function eventsIn(value, depth) {
  if (depth < 0 || typeof value !== "object" || value === null) return [];
  if (!Array.isArray(value) && isObject(value) && typeof value.$channel === "string") {
    const { $channel, $sequence, $sent_at, $presence, ...payload } = value;
    const sequence = isSequence($sequence) ? $sequence : null;
    return [{ channel: $channel, sequence, sentAt: Number($sent_at), payload }];
  }
  return Object.values(value).flatMap((inner) => eventsIn(inner, depth - 1));
}
