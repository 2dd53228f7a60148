// @ts-check
/** What becomes of messages: waiting, unanswered, settled by a reply or by their own event. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { SentMessages } from "../../functions/api/static/sent_messages.js";

/** @param {number} id @param {string} [text] @param {string | null} [channel] */
function sent(id, text, channel = "chat:lobby") {
  const appearance = text === undefined ? undefined : { text, channel };
  return { id, at: 1_000_000, payload: { text }, shown: `bubble ${id}`, appearance };
}

/** @param {ReturnType<typeof sent>[]} entries @returns {SentMessages<string>} */
function all(...entries) {
  const messages = new SentMessages();
  for (const entry of entries) messages.add(entry);
  return messages;
}

/** An event that came right after what was sent. @param {string} text */
function own(text, sentAt = 1_000_500) {
  return { text, sentAt };
}

test("a settled message waits no more", () => {
  const messages = all(sent(1), sent(2));
  assert.equal(messages.oldest, 1);
  assert.equal(messages.settle(1)?.shown, "bubble 1");
  assert.equal(messages.settle(1), undefined);
  assert.equal(messages.oldest, 2);
});

test("only what is neither said in a channel nor an action awaits a reply of the bot", () => {
  const messages = all(sent(1, "Hai!"), sent(2, "Join", null));
  assert.equal(messages.awaitsReply, false);
  messages.add(sent(3));
  assert.equal(messages.awaitsReply, true);
  messages.lose([3]);
  assert.equal(messages.awaitsReply, false);
});

test("what a socket takes with it is unanswered until its outcome is clear", () => {
  const messages = all(sent(1), sent(2), sent(3));
  assert.deepEqual(messages.lose([1, 3, "ask-1"]).map(({ id }) => id), [1, 3]);
  assert.deepEqual(messages.lose([1]), [], "each is lost once");
  assert.equal(messages.oldest, 2);
  messages.settle(3);
  assert.deepEqual(messages.unanswered.map(({ id }) => id), [1]);
});

test("an own event settles one message of its words and its channel, lost or not", () => {
  const messages = all(sent(1, "Hai!"), sent(2, "Hai!", "chat:other"), sent(3, "Hai!"), sent(4, "Halo!"));
  messages.lose([1, 2]);
  assert.equal(messages.claim("chat:lobby", own("Hai!"))?.id, 1);
  assert.equal(messages.claim("chat:lobby", own("Hai!"))?.id, 3);
  assert.equal(messages.claim("chat:lobby", own("Hai!")), undefined);
  assert.deepEqual(messages.unanswered.map(({ id }) => id), [2], "another room's event is not ours");
  assert.equal(messages.claim("chat:lobby", own("Halo!"))?.id, 4);
});

test("an action is no words in a channel", () => {
  const messages = all(sent(1, "Join", null), sent(2));
  assert.equal(messages.claim("null", own("Join")), undefined);
  assert.equal(messages.claim("chat:lobby", own("")), undefined);
});

test("an event from before a message was sent is of an earlier one; clocks may differ a little", () => {
  const messages = all(sent(1, "Hai!"));
  assert.equal(messages.claim("chat:lobby", own("Hai!", 1_000_000 - 86_400_000)), undefined);
  assert.equal(messages.claim("chat:lobby", own("Hai!", 1_000_000 - 60_000))?.id, 1);
});
