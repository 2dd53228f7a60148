// @ts-check
/** One endpoint as the page shows it: its conversation, its composer, its channels, its connection. */

import { ACTION, ActionsBar, hasActions, matching } from "./actions.js";
import { answerText } from "./answers.js";
import { ChatBox } from "./chatbox.js";
import { documentation, faultOf, summary } from "./content.js";
import { Conversation } from "./conversation.js";
import { element } from "./dom.js";
import { isPlainText, titled } from "./endpoints.js";
import { FieldsForm } from "./form.js";
import { Live } from "./live.js";
import { AskError, endpointUrl, Sapa } from "./sapa.js";
import { hintFor, sendOptionsFor } from "./endpoint_hints.js";
import { StreamedAnswers } from "./streamed_answers.js";

/** @typedef {import("./content.js").Message} Message */
/** @typedef {import("./endpoints.js").Endpoint} Endpoint */
/** @typedef {import("./sapa.js").ConnectionState} ConnectionState */
/**
 * @typedef {object} RoomOptions
 * @property {string} username
 * @property {import("./live/toasts.js").Toasts} toasts
 * @property {NonNullable<import("./sapa.js").SapaOptions["checkSession"]>} checkSession
 * @property {number} warp
 * @property {(state: ConnectionState) => void} onState
 * @property {(silent: boolean) => void} onSilent
 * @property {(frame: import("./sapa.js").Frame) => void} onFrame
 */

/** API Gateway closes a socket on a WebSocket frame over 32 KB, and browsers send one per message. */
const FRAME_LIMIT_BYTES = 32 * 1024;
/** Of the frame, for the key with which the module sends it. */
const KEY_BYTES = 80;
/** Who keeps typing says so again after this; others believe it a little longer. */
const TYPING_EVERY_MS = 3_000;

export class Room {
  #conversation;
  #composer;
  #live;
  #sapa;
  #hint;
  #onState;
  #username;
  #streamed;
  #isRestored = false;
  /** Another endpoint is shown; the connection lasts until everything is answered. */
  #isLeft = false;
  #lastId = 0;
  #saidTypingAt = 0;
  element = element("div", { class: "room" });

  /** @param {Endpoint} endpoint @param {RoomOptions} options */
  constructor(endpoint, { username, toasts, checkSession, warp, onState, onSilent, onFrame }) {
    this.endpoint = endpoint;
    this.#username = username;
    this.#onState = onState;
    this.#hint = matching(endpoint, hintFor(endpoint.name));
    this.#composer = this.#newComposer();
    const { fields, isChat } = endpoint;
    this.#conversation = new Conversation({
      intro: this.#intro(),
      textKey: (isChat && fields.find(isPlainText)?.name) || "message",
      resend: (payload) => this.#resend(payload),
      read: (answer, asked) => answerText(endpoint.name, answer, asked),
    });
    this.#sapa = new Sapa({ url: endpointUrl(endpoint.name), checkSession, warp });
    this.#sapa.on("frame", onFrame);
    this.#sapa.on("state", (state) => this.#changed(state));
    this.#sapa.on("silent", onSilent);
    this.#sapa.on("expired", (ids) => {
      this.#conversation.expired(ids);
      this.#closeIfDone();
    });
    this.#sapa.on("unanswered", (ids) => this.#conversation.unanswered(ids));
    this.#sapa.on("message", ({ text, message }) => {
      this.#received(text, message);
      this.#closeIfDone();
    });
    const [hint, sapa, conversation] = [this.#hint, this.#sapa, this.#conversation];
    this.#streamed = new StreamedAnswers({ endpoint: endpoint.name, sapa, conversation });
    const act = (/** @type {Message} */ payload) => void this.#act(payload);
    this.#live = new Live({ username, hint, sapa, conversation, toasts, act });
    this.#conversation.element.append(this.#live.typing.element);
    const talk = element("div", { class: "dialog" }, this.#conversation.element, this.#composer.element);
    this.element.append(this.#live.element, talk);
  }

  /** Connects; the room must be in the page. @param {import("./session.js").Session} session */
  open(session) {
    this.#isLeft = false;
    this.#sapa.enter(session);
    if (!this.#isRestored) this.#restore();
    this.#conversation.toBottom();
    this.#sapa.start();
  }

  /** Shows what was said before the page was reloaded and has no answer yet. */
  #restore() {
    this.#isRestored = true;
    for (const { $id, $once, ...payload } of this.#sapa.outbox) {
      // A click beside the conversation has no bubble.
      if (typeof $id !== "number") continue;
      this.#lastId = Math.max(this.#lastId, $id);
      this.#conversation.sent($id, payload, this.#appearance(payload));
    }
  }

  /** Disconnects when all messages are answered. */
  leave() {
    this.#isLeft = true;
    this.#closeIfDone();
  }

  #closeIfDone() {
    if (this.#isLeft && this.#sapa.outbox.length === 0) this.close();
  }

  /** Disconnects; what was said and typed stays for the next `open`, unsent messages too. */
  close() {
    this.#sapa.stop();
  }

  get state() {
    return this.#sapa.state;
  }

  retryNow() {
    this.#sapa.retryNow();
  }

  focus() {
    this.#composer.focus();
  }

  /** @param {ConnectionState} state */
  #changed(state) {
    if (state.status === "connected" && this.endpoint.streams) void this.#streamed.find();
    this.#onState(state);
  }

  /** @param {Message} payload @returns {string | null} why it was not sent */
  #send(payload) {
    const id = this.#lastId + 1;
    const message = { ...payload, $id: id };
    const bytes = new TextEncoder().encode(JSON.stringify(message)).length + KEY_BYTES;
    if (bytes > FRAME_LIMIT_BYTES) {
      return `This is too long: ${Math.ceil(bytes / 1024)} KB, and at most 32 KB can be sent at once.`;
    }
    this.#lastId = id;
    this.#conversation.sent(id, payload, this.#appearance(payload));
    this.#sapa.send(message, sendOptionsFor(this.endpoint.name));
    this.#saidTypingAt = 0;
    return null;
  }

  /** Sends what a click on a board or a post means: what comes of it shows there. @param {Message} payload */
  async #act(payload) {
    try {
      this.#live.reply(await this.#sapa.ask(payload, sendOptionsFor(this.endpoint.name)), payload);
    } catch (error) {
      if (!(error instanceof AskError)) throw error;
      this.#conversation.failed(error.reply ?? { error });
    } finally {
      this.#closeIfDone();
    }
  }

  #newComposer() {
    const submit = (/** @type {Message} */ payload) => this.#send(payload);
    const { fields, isChat } = this.endpoint;
    const text = isChat && fields.find(isPlainText);
    if (text) return new ChatBox(text, submit, fields.filter((field) => field !== text));
    if (!hasActions(this.endpoint)) return new FieldsForm(fields, submit);
    return new ActionsBar(this.endpoint, this.#hint, submit, (payload) => this.#typing(payload));
  }

  /** What a sent message looks like, if its endpoint has actions. @param {Message} payload */
  #appearance({ [ACTION]: action, ...rest }) {
    if (typeof action !== "string" || !hasActions(this.endpoint)) return undefined;
    const speech = this.#hint?.speech;
    if (speech?.action === action) {
      const channel = speech.channel({ ...this.#defaults(), ...rest }, this.#username);
      return { text: String(rest[speech.field] ?? ""), channel };
    }
    const details = Object.entries(rest).map(([name, value]) => `${name} ${[value].flat().join(", ")}`);
    return { text: [titled(action), ...details].join(" · "), channel: null };
  }

  /** What the server takes for the fields that a message leaves out. */
  #defaults() {
    const { fields } = this.endpoint;
    return Object.fromEntries(fields.map(({ name, initial }) => [name, initial]));
  }

  /** @param {string} text @param {Message | null} message */
  #received(text, message) {
    if (typeof message?.$answer === "string") return this.#streamed.accepted(message.$answer, message.$id);
    const asked = this.#conversation.asked(message?.$id) ?? {};
    if (message && !faultOf(message) && this.#live.reply(message, asked)) {
      return this.#conversation.accepted(message);
    }
    const problems = this.#conversation.received(text);
    if (problems.length) this.#composer.showProblems(problems);
  }

  /** Sends a typing notice to a channel now and then, and ignores failures. @param {Message} payload */
  #typing(payload) {
    const { typing } = this.#hint ?? {};
    if (!typing || !this.#live.isIn(typing.channel({ ...this.#defaults(), ...payload }))) return;
    if (Date.now() - this.#saidTypingAt < TYPING_EVERY_MS) return;
    this.#saidTypingAt = Date.now();
    this.#sapa.ask({ ...payload, [ACTION]: typing.action }).catch(() => {});
  }

  /** @param {Message} payload */
  #resend(payload) {
    const refused = this.#send(payload);
    if (refused !== null) this.#composer.showProblems([{ name: "", problem: refused }]);
    this.focus();
    return refused === null;
  }

  #intro() {
    const { title, description, examples } = this.endpoint;
    const heading = element("h1", {}, title);
    const [first = "", ...rest] = documentation(description);
    const intro = element("div", { class: "intro" }, heading, first);
    // Who has read it once wants to see the conversation.
    const more = element("details", {}, element("summary", {}, "Details"), ...rest);
    if (rest.length) intro.append(more);
    const buttons = examples.map((payload) => this.#example(payload));
    if (buttons.length) intro.append(element("div", { class: "examples" }, ...buttons));
    return intro;
  }

  /** @param {Message} payload */
  #example(payload) {
    const button = element("button", { class: "example", type: "button" }, summary(payload));
    button.addEventListener("click", () => {
      this.#composer.fill(payload);
      this.focus();
    });
    return button;
  }
}
