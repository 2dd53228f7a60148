// @ts-check
/**
 * The channels a page is in, across all its sockets: each event once, gaps filled, missed events
 * asked for. It does not use sockets itself: the caller passes in `send` and the timers.
 */

import { Timers } from "./environment.js";
import { SequenceTracker } from "./sequence_tracker.js";
import { isAnswerChannel, isObject, isSequence } from "./message.js";

/** @typedef {import("./message.js").ChannelEvents} ChannelEvents */
/** @typedef {import("./message.js").Message} Message */
/**
 * @typedef {object} Followed
 * @property {SequenceTracker} tracker
 * @property {boolean} isWhole its numbers have no holes that stay: what is missing is asked for until it comes
 * @property {Map<number, ChannelEvents["event"]>} held that wait for those before them
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
 * @property {boolean} inOrder whether events wait for those with lower numbers
 */

/** An event may be overtaken by later ones; only after this is a gap a gap. */
const GRACE_MS = 1_000;
/** How long a whole resume may take until it is asked for again. */
const RESUME_TIMEOUT_MS = 8_000;
const MAX_TIMEOUT_MS = 30_000;
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

  /** @param {string} channel @param {number[]} sequences that the page has, with everything before the lowest */
  remember(channel, sequences) {
    const [first, ...rest] = [...sequences].sort((a, b) => a - b);
    if (first === undefined) return;
    const tracker = this.#followed.get(channel)?.tracker ?? this.#follow(channel, new SequenceTracker(first));
    tracker.restart(first);
    for (const sequence of rest) tracker.accept(sequence);
    this.#watch(channel);
    if (this.#options.overlaps()) this.#ask([channel]);
  }

  /** Follows a channel from its first event on, each event in order. @param {string} channel */
  openWhole(channel) {
    if (this.#followed.has(channel)) return;
    this.#followWhole(channel);
    if (this.#options.overlaps()) this.#ask([channel]);
  }

  /** Asks for what comes after the events that the page has. @param {string} channel */
  catchUp(channel) {
    if (this.#followed.has(channel)) this.#ask([channel]);
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
    for (const followed of this.#followed.values()) followed.awaited = true;
    this.#ask(this.names);
    this.check();
  }

  /** Expects no answer any more: the socket of the last `resume` is gone. */
  pause() {
    this.#timers.clear();
    this.#asked.clear();
    for (const followed of this.#followed.values()) {
      Object.assign(followed, { attempts: 0, awaited: false, answered: false });
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
    // Why a `$resume` was refused does not matter: `$resumed` says which channels it was for.
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
    this.#emit({ channel, sequence, sentAt, payload });
    this.#watch(channel);
  }

  /** @param {ChannelEvents["event"]} event */
  #emit(event) {
    const { channel, sequence } = event;
    const followed = this.#followed.get(channel);
    const waits = followed && sequence !== null && (followed.isWhole || this.#options.inOrder);
    if (waits && sequence > followed.tracker.contiguous) followed.held.set(sequence, event);
    else if (waits) this.#release(followed, event);
    else this.#options.emit("event", event);
  }

  /** Emits what no longer waits for an event before it. @param {Followed} followed @param {ChannelEvents["event"]} [latest] */
  #release({ held, tracker }, latest) {
    if (latest) held.set(latest.sequence ?? 0, latest);
    const due = [...held.keys()].filter((sequence) => sequence <= tracker.contiguous);
    for (const sequence of due.sort((one, other) => one - other)) {
      const event = held.get(sequence);
      held.delete(sequence);
      if (event) this.#options.emit("event", event);
    }
  }

  /** @param {string} channel @param {number} sequence */
  #accept(channel, sequence) {
    const followed = this.#followed.get(channel);
    if (followed) return followed.tracker.accept(sequence);
    if (isAnswerChannel(channel)) return this.#followWhole(channel).accept(sequence);
    this.#follow(channel, SequenceTracker.atFirst(sequence));
    return true;
  }

  /** @param {string} channel */
  #followWhole(channel) {
    return this.#follow(channel, new SequenceTracker(0), true);
  }

  /** @param {string} channel @param {SequenceTracker} tracker */
  #follow(channel, tracker, isWhole = false) {
    const fresh = { attempts: 0, stuckAt: tracker.contiguous, awaited: false, answered: false };
    this.#followed.set(channel, { tracker, isWhole, held: new Map(), ...fresh });
    return tracker;
  }

  /** @param {Message} positions */
  #joined(positions) {
    for (const [channel, sequence] of Object.entries(positions)) {
      if (!isSequence(sequence)) continue;
      const followed = this.#followed.get(channel);
      if (followed) followed.tracker.join(sequence);
      else this.#follow(channel, SequenceTracker.atJoin(sequence));
      this.#options.emit("joined", { channel, sequence });
      this.#watch(channel);
      // The next socket has to join the channel as well.
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
    if (followed) followed.tracker.reach(sequence);
    // An answer that has ended meanwhile is not followed any more.
    else if (!isAnswerChannel(channel)) this.#follow(channel, new SequenceTracker(sequence));
  }

  /** An answer holds only so many events: asks for the next ones, from where it ended. @param {Message} reached @param {Message} more */
  #askOn(reached, more) {
    /** @type {Map<string, number>} */
    const positions = new Map();
    for (const channel of this.names) {
      const sequence = reached[channel];
      if (channel in more && isSequence(sequence)) positions.set(channel, sequence);
    }
    if (positions.size) this.#send(positions);
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

  /** @param {string} channel @param {import("./sequence_tracker.js").Range} range */
  #giveUp(channel, { from, to }) {
    const tracker = this.#followed.get(channel)?.tracker;
    if (!tracker || to <= tracker.contiguous) return;
    const lost = { from: Math.max(from, tracker.contiguous + 1), to };
    tracker.settle(lost);
    this.#options.emit("gap", { channel, ...lost });
    this.#watch(channel);
  }

  /** Makes sure that somebody looks after what is missing. @param {string} channel */
  #watch(channel) {
    const followed = this.#followed.get(channel);
    if (!followed) return;
    const { tracker, awaited, isWhole } = followed;
    this.#release(followed);
    if (this.#followed.get(channel) !== followed) return;
    if (tracker.overfull && !isWhole) return this.#giveUp(channel, tracker.missing);
    if (!awaited && !tracker.incomplete) return this.#timers.cancel(channel);
    if (this.#timers.has(channel)) return;
    // A gap that starts at another number is a new gap.
    if (followed.stuckAt !== tracker.contiguous) followed.attempts = 0;
    followed.stuckAt = tracker.contiguous;
    const first = awaited ? RESUME_TIMEOUT_MS : GRACE_MS;
    const timeout = Math.min(MAX_TIMEOUT_MS, first * 3 ** followed.attempts);
    // All members of a channel may see the same gap: let them not ask all at once.
    const wait = timeout * (1 + this.#options.environment.random());
    this.#timers.after(channel, wait, () => this.#stuck(channel, followed));
  }

  /** @param {string} channel @param {Followed} followed */
  #stuck(channel, followed) {
    const { tracker, awaited, stuckAt, answered, attempts, isWhole } = followed;
    if (!isWhole && !awaited && answered && attempts >= FILL_ATTEMPTS && tracker.contiguous === stuckAt) {
      tracker.settle(tracker.missing);
    } else if (awaited || tracker.contiguous === stuckAt) {
      Object.assign(followed, { attempts: attempts + 1, answered: false });
      this.#ask([channel]);
    }
    this.#watch(channel);
  }

  /** @param {string[]} channels */
  #ask(channels) {
    const at = (/** @type {string} */ name) => this.#followed.get(name)?.tracker.contiguous ?? 0;
    this.#send(new Map(channels.map((name) => [name, at(name)])));
  }

  /** @param {Map<string, number>} positions */
  #send(positions) {
    const $id = `sapa-${(this.#lastAsk += 1)}`;
    this.#asked.set($id, [...positions.keys()]);
    this.#options.send({ $resume: Object.fromEntries(positions), $id });
  }
}
