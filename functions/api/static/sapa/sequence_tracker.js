// @ts-check
/** Tracks the sequence numbers of a channel: which are new, and which are missing. */

/** Numbers kept above a gap; with more the gap counts as lost. */
export const AHEAD_LIMIT = 10_000;
/** How far below the first number a late event is still accepted. */
const BEFORE_FIRST = 1_000;
const UNSEEN_LIMIT = 100;

/** @typedef {{ from: number, to: number }} Range of sequence numbers, both ends included */

export class SequenceTracker {
  /** All numbers up to here are settled: seen, or lost for good. */
  #contiguous;
  /** The highest number that exists, as far as the server has said. */
  #highest;
  /** Seen, above a gap. @type {Set<number>} */
  #ahead = new Set();
  /** Settled without being seen; some may come after all. @type {Range[]} */
  #unseen = [];
  /** Whether it started at the first event that arrived, and not at a number that the server gave. */
  #guessed = false;

  /** @param {number} contiguous */
  constructor(contiguous) {
    this.#contiguous = this.#highest = contiguous;
  }

  /** For a channel whose first event to arrive has this number. @param {number} sequence */
  static atFirst(sequence) {
    const tracker = new SequenceTracker(sequence);
    // What the first event has overtaken is not asked for, but welcome.
    tracker.#unseen.push({ from: sequence - BEFORE_FIRST, to: sequence - 1 });
    tracker.#guessed = true;
    return tracker;
  }

  /** For a channel that was at this number when it was joined. @param {number} sequence */
  static atJoin(sequence) {
    const tracker = new SequenceTracker(sequence);
    tracker.#welcomeUpTo(sequence);
    return tracker;
  }

  get contiguous() {
    return this.#contiguous;
  }

  /** Whether numbers are missing. */
  get incomplete() {
    return this.#contiguous < this.#highest;
  }

  get overfull() {
    return this.#ahead.size > AHEAD_LIMIT;
  }

  /** The lowest missing numbers; only if `incomplete`. @returns {Range} */
  get missing() {
    let to = this.#highest + 1;
    for (const seen of this.#ahead) to = Math.min(to, seen);
    return { from: this.#contiguous + 1, to: to - 1 };
  }

  /** The channel was joined, maybe again, when it was at this number. @param {number} sequence */
  join(sequence) {
    if (!this.#guessed) return this.reach(sequence);
    this.restart(sequence);
    this.#welcomeUpTo(sequence);
  }

  /** Notes a number and says whether it is seen for the first time. @param {number} sequence */
  accept(sequence) {
    if (this.#comesLate(sequence)) return true;
    if (sequence <= this.#contiguous || this.#ahead.has(sequence)) return false;
    this.#ahead.add(sequence);
    this.reach(sequence);
    this.#absorb();
    return true;
  }

  /** The channel is at this number, seen or not. @param {number} sequence */
  reach(sequence) {
    this.#highest = Math.max(this.#highest, sequence);
  }

  /** What is missing in this range is not waited for any more. @param {Range} range */
  settle({ from, to }) {
    this.#unseen.push({ from: Math.max(from, this.#contiguous + 1), to });
    for (const seen of this.#ahead) this.#comesLate(seen);
    if (this.#unseen.length > UNSEEN_LIMIT) this.#unseen.shift();
    this.reach(to);
    if (from <= this.#contiguous + 1) this.#contiguous = Math.max(this.#contiguous, to);
    else for (let lost = from; lost <= to && !this.overfull; lost += 1) this.#ahead.add(lost);
    for (const seen of this.#ahead) if (seen <= this.#contiguous) this.#ahead.delete(seen);
    this.#absorb();
  }

  /** The application has everything up to `sequence`; everything after it is wanted. @param {number} sequence */
  restart(sequence) {
    if (this.#contiguous - sequence > AHEAD_LIMIT) this.#ahead.clear();
    else for (let n = sequence + 1; n <= this.#contiguous; n += 1) {
      if (!this.#comesLate(n)) this.#ahead.add(n);
    }
    for (const seen of this.#ahead) if (seen <= sequence) this.#ahead.delete(seen);
    this.#unseen = [];
    this.#guessed = false;
    this.#contiguous = sequence;
    this.reach(sequence);
    this.#absorb();
  }

  /** What was on its way at the join is not asked for, but welcome. @param {number} sequence */
  #welcomeUpTo(sequence) {
    this.#unseen.push({ from: sequence - BEFORE_FIRST, to: sequence });
  }

  #absorb() {
    while (this.#ahead.delete(this.#contiguous + 1)) this.#contiguous += 1;
  }

  /** Takes a number out of the unseen ones; false where it was not there. @param {number} sequence */
  #comesLate(sequence) {
    const index = this.#unseen.findIndex(({ from, to }) => from <= sequence && sequence <= to);
    if (index < 0) return false;
    const { from, to } = this.#unseen[index];
    const rest = [{ from, to: sequence - 1 }, { from: sequence + 1, to }];
    this.#unseen.splice(index, 1, ...rest.filter((range) => range.from <= range.to));
    return true;
  }
}
