// @ts-check
/** Which sequence numbers are new, and which are missing. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { AHEAD_LIMIT, SequenceTracker } from "../../functions/api/static/sapa/sequence_tracker.js";

test("each number is new once", () => {
  const mark = new SequenceTracker(41);
  assert.deepEqual([42, 42, 43, 41, 43].map((n) => mark.accept(n)), [true, false, true, false, false]);
  assert.equal(mark.contiguous, 43);
  assert.equal(mark.incomplete, false);
});

test("numbers above a gap are kept apart until it closes", () => {
  const mark = new SequenceTracker(0);
  for (const n of [1, 5, 3, 6]) assert.ok(mark.accept(n));
  assert.equal(mark.contiguous, 1);
  assert.deepEqual(mark.missing, { from: 2, to: 2 });
  assert.ok(mark.accept(2));
  assert.equal(mark.contiguous, 3);
  assert.deepEqual(mark.missing, { from: 4, to: 4 });
  assert.equal(mark.accept(5), false);
  assert.ok(mark.accept(4));
  assert.deepEqual([mark.contiguous, mark.incomplete], [6, false]);
});

test("what the channel has reached is missing until seen", () => {
  const mark = new SequenceTracker(7);
  mark.reach(9);
  assert.ok(mark.incomplete);
  assert.deepEqual(mark.missing, { from: 8, to: 9 });
  mark.reach(3);
  assert.deepEqual(mark.missing, { from: 8, to: 9 });
});

test("the first number of an unknown channel leaves no gap below, but what it overtook is welcome", () => {
  const mark = SequenceTracker.atFirst(5_000);
  assert.equal(mark.incomplete, false);
  assert.equal(mark.accept(5_000), false);
  assert.deepEqual([4_999, 4_999, 4_000, 3_999].map((n) => mark.accept(n)), [true, false, true, false]);
  assert.equal(mark.contiguous, 5_000);
});

test("a settled gap is not missing any more, and its numbers are still new when they come late", () => {
  const mark = new SequenceTracker(10);
  for (const n of [13, 16]) mark.accept(n);
  mark.settle({ from: 11, to: 14 });
  assert.equal(mark.contiguous, 14);
  assert.deepEqual(mark.missing, { from: 15, to: 15 });
  assert.deepEqual([13, 12, 12, 15].map((n) => mark.accept(n)), [false, true, false, true]);
  assert.equal(mark.contiguous, 16);
});

test("a range that is lost above a nearer gap leaves that gap open", () => {
  const mark = new SequenceTracker(10);
  mark.settle({ from: 13, to: 14 });
  assert.deepEqual(mark.missing, { from: 11, to: 12 });
  assert.ok(mark.accept(11));
  assert.ok(mark.accept(12));
  assert.deepEqual([mark.contiguous, mark.incomplete], [14, false]);
});

test("what is kept above a gap is bounded", () => {
  const mark = new SequenceTracker(0);
  for (let n = 2; n < 2 + AHEAD_LIMIT; n += 1) mark.accept(n);
  assert.equal(mark.overfull, false);
  mark.accept(2 + AHEAD_LIMIT);
  assert.ok(mark.overfull);
  mark.settle(mark.missing);
  assert.deepEqual([mark.overfull, mark.contiguous], [false, 2 + AHEAD_LIMIT]);
});

test("a restart keeps what was seen above, and wants what was not", () => {
  const mark = SequenceTracker.atFirst(43);
  mark.accept(45);
  mark.restart(40);
  assert.deepEqual(mark.missing, { from: 41, to: 42 });
  assert.deepEqual([40, 41, 42, 43, 44, 45].map((n) => mark.accept(n)), [
    ...[false, true, true],
    ...[false, true, false],
  ]);
  mark.restart(80);
  assert.deepEqual([mark.contiguous, mark.accept(80), mark.accept(44)], [80, false, false]);
  mark.restart(0);
  assert.deepEqual([mark.contiguous, mark.accept(80)], [80, false], "and all before is known");
});
