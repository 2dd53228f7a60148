// @ts-check
/**
 * The channels a page is in, across all its sockets: each event once, gaps filled, missed events
 * asked for. Sends and timers come from outside; knows no socket.
 */

import { Timers } from "./environment.js";
import { Mark } from "./mark.js";
import { isObject, isSequence } from "./message.js";

/** @typedef {import("./message.js").ChannelEvents} ChannelEvents */
/** @typedef {import("./message.js").Message} Message */
/**
 * @typedef {object} Followed
 * @property {Mark} mark
 * @property {boolean} awaited by the last `resume`, whose answer has not come
 * @property {number} attempts to fill the gap that begins after `stuckAt`
 * @property {number} stuckAt
 * @property {boolean} answered whether the last attempt was
 */
/**
 * @typedef {object} ChannelsOptions
 * @property {import("./environment.js").Environment} environment
 * @property {(message: Message) => void} send
 * @property {<Name extends keyof ChannelEvents>(name: Name, detail: ChannelEvents[Name]) => void} emit
 * @property {() => boolean} overlaps whether a socket that is about to go may be in a channel
 * @property {() => void} onResumed all that `resume` asked for is answered
 */

/** An event may be overtaken by later ones; only after this is a gap a gap. */
const GRACE_MS = 1_000;
/** How long a whole resume may take until it is asked for again. */
const RESUME_PATIENCE_MS = 8_000;
const PATIENCE_CEILING_MS = 30_000;
/** A number still missing after so many answers was never published: its publisher failed. */
const FILL_ATTEMPTS = 4;

export class Channels {
  #options;
  #timers;
  /** @type {Map<string, Followed>} */ #followed = new Map();
  /** Which channels each open `$resume` is about, by its `$id`. @type {Map<unknown, string[]>} */
  #asked = new Map();
  #lastAsk = 0;

  /** @param {ChannelsOptions} options */
  constructor(options) {
    this.#options = options;
    this.#timers = new Timers(options.environment);
  }

  get names() {
    return [...this.#followed.keys()];
  }

  /** @param {string} channel @param {number[]} sequences known to the page, as is all before them */
  remember(channel, sequences) {
    const [first, ...others] = [...sequences].sort((one, other) => one - other);
    if (first === undefined) return;
    const mark = this.#followed.get(channel)?.mark ?? this.#follow(channel, new Mark(first));
    mark.restart(first);
    for (const sequence of others) mark.accept(sequence);
    this.#watch(channel);
    if (this.#options.overlaps()) this.#ask([channel]);
  }

  /** @param {string} channel */
  forget(channel) {
    this.#timers.cancel(channel);
    this.#followed.delete(channel);
  }

  /** Asks, on a new socket, for what all channels missed. */
  resume() {
    this.pause();
    if (this.#followed.size === 0) return this.#options.onResumed();
    for (const one of this.#followed.values()) one.awaited = true;
    this.#ask(this.names);
    this.check();
  }

  /** Expects no answer any more: the socket of the last `resume` is gone. */
  pause() {
    this.#timers.clear();
    this.#asked.clear();
    for (const one of this.#followed.values()) {
      Object.assign(one, { attempts: 0, awaited: false, answered: false });
    }
  }

  /** Looks after the gaps that there are. */
  check() {
    for (const channel of this.names) this.#watch(channel);
  }

  /** Takes a frame, if it is about channels; says whether it was. @param {Message} message */
  receive(message) {
    if (typeof message.$channel === "string") this.#delivered(message.$channel, message);
    else if (isObject(message.$joined)) this.#joined(message.$joined);
    else if (isObject(message.$resumed)) this.#resumed(message.$resumed, message);
    else if (isObject(message.$gap)) this.#lost(message.$gap);
    // Why a `$resume` was refused does not matter: `$resumed` tells which channels it was for.
    else return isObject(message.error) && this.#asked.has(message.$id);
    return true;
  }

  /** @param {string} channel @param {Message} message */
  #delivered(channel, message) {
    const { $channel, $sequence, $sent_at, $presence, ...payload } = message;
    const sentAt = Number($sent_at);
    if (isObject($presence)) {
      this.#options.emit("presence", { ...$presence, channel, sentAt });
      return;
    }
    const sequence = isSequence($sequence) ? $sequence : null;
    if (sequence !== null && !this.#accept(channel, sequence)) return;
    this.#options.emit("event", { channel, sequence, sentAt, payload });
    this.#watch(channel);
  }

  /** @param {string} channel @param {number} sequence */
  #accept(channel, sequence) {
    const followed = this.#followed.get(channel);
    if (followed) return followed.mark.accept(sequence);
    this.#follow(channel, Mark.atFirst(sequence));
    return true;
  }

  /** @param {string} channel @param {Mark} mark */
  #follow(channel, mark) {
    const fresh = { attempts: 0, stuckAt: mark.contiguous, awaited: false, answered: false };
    this.#followed.set(channel, { mark, ...fresh });
    return mark;
  }

  /** @param {Message} positions */
  #joined(positions) {
    for (const [channel, sequence] of Object.entries(positions)) {
      if (!isSequence(sequence)) continue;
      const followed = this.#followed.get(channel);
      if (followed) followed.mark.join(sequence);
      else this.#follow(channel, Mark.atJoin(sequence));
      this.#options.emit("joined", { channel, sequence });
      this.#watch(channel);
      // The socket that comes after this one has to be let in as well.
      if (this.#options.overlaps()) this.#ask([channel]);
    }
  }

  /** @param {Message} reached @param {Message} message */
  #resumed(reached, message) {
    const asked = this.#asked.get(message.$id);
    this.#asked.delete(message.$id);
    const more = isObject(message.$more) ? message.$more : {};
    for (const [channel, sequence] of Object.entries({ ...reached, ...more })) {
      if (isSequence(sequence)) this.#reached(channel, sequence);
    }
    for (const channel of asked ?? []) this.#answered(channel, channel in reached);
    if (asked) this.#askOn(reached, more);
    this.check();
    if (isObject(message.$members)) this.#announce(message.$members);
    const done = ![...this.#followed.values()].some(({ awaited }) => awaited);
    if (asked && done) this.#options.onResumed();
  }

  /** @param {string} channel @param {number} sequence */
  #reached(channel, sequence) {
    const followed = this.#followed.get(channel);
    if (followed) followed.mark.reach(sequence);
    else this.#follow(channel, new Mark(sequence));
  }

  /** An answer holds only so many events: asks for the next ones, from where it ended. @param {Message} reached @param {Message} more */
  #askOn(reached, more) {
    /** @type {Map<string, number>} */
    const marks = new Map();
    for (const channel of this.names) {
      const sequence = reached[channel];
      if (channel in more && isSequence(sequence)) marks.set(channel, sequence);
    }
    if (marks.size) this.#send(marks);
  }

  /** @param {string} channel @param {boolean} granted */
  #answered(channel, granted) {
    const followed = this.#followed.get(channel);
    if (!followed) return;
    if (followed.awaited) this.#timers.cancel(channel);
    Object.assign(followed, { awaited: false, answered: true });
    if (granted) return;
    this.forget(channel);
    this.#options.emit("left", { channel });
  }

  /** @param {Message} members */
  #announce(members) {
    for (const [channel, list] of Object.entries(members)) {
      if (Array.isArray(list)) this.#options.emit("members", { channel, members: list });
    }
  }

  /** @param {Message} gaps */
  #lost(gaps) {
    for (const [channel, gap] of Object.entries(gaps)) {
      if (isObject(gap) && isSequence(gap.from) && isSequence(gap.to)) {
        this.#giveUp(channel, { from: gap.from, to: gap.to });
      }
    }
  }

  /** @param {string} channel @param {import("./mark.js").Range} range */
  #giveUp(channel, { from, to }) {
    const mark = this.#followed.get(channel)?.mark;
    if (!mark || to <= mark.contiguous) return;
    const lost = { from: Math.max(from, mark.contiguous + 1), to };
    mark.settle(lost);
    this.#options.emit("gap", { channel, ...lost });
    this.#watch(channel);
  }

  /** Makes sure that somebody looks after what is missing. @param {string} channel */
  #watch(channel) {
    const followed = this.#followed.get(channel);
    if (!followed) return;
    const { mark, awaited } = followed;
    if (mark.overfull) return this.#giveUp(channel, mark.missing);
    if (!awaited && !mark.incomplete) return this.#timers.cancel(channel);
    if (this.#timers.has(channel)) return;
    // A gap that moved on is another gap, a young one.
    if (followed.stuckAt !== mark.contiguous) followed.attempts = 0;
    followed.stuckAt = mark.contiguous;
    const first = awaited ? RESUME_PATIENCE_MS : GRACE_MS;
    const patience = Math.min(PATIENCE_CEILING_MS, first * 3 ** followed.attempts);
    // All members of a channel may see the same gap: let them not ask all at once.
    const wait = patience * (1 + this.#options.environment.random());
    this.#timers.after(channel, wait, () => this.#stuck(channel, followed));
  }

  /** @param {string} channel @param {Followed} followed */
  #stuck(channel, followed) {
    const { mark, awaited, stuckAt, answered, attempts } = followed;
    if (!awaited && answered && attempts >= FILL_ATTEMPTS && mark.contiguous === stuckAt) {
      mark.settle(mark.missing);
    } else if (awaited || mark.contiguous === stuckAt) {
      Object.assign(followed, { attempts: attempts + 1, answered: false });
      this.#ask([channel]);
    }
    this.#watch(channel);
  }

  /** @param {string[]} channels */
  #ask(channels) {
    const at = (/** @type {string} */ name) => this.#followed.get(name)?.mark.contiguous ?? 0;
    this.#send(new Map(channels.map((name) => [name, at(name)])));
  }

  /** @param {Map<string, number>} marks */
  #send(marks) {
    const $id = `sapa-${(this.#lastAsk += 1)}`;
    this.#asked.set($id, [...marks.keys()]);
    this.#options.send({ $resume: Object.fromEntries(marks), $id });
  }
}
