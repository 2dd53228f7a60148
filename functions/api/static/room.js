// @ts-check
/** One endpoint as the page shows it: its conversation, its composer and its connection. */

import { ChatBox } from "./chatbox.js";
import { Connection } from "./connection.js";
import { documentation, summary } from "./content.js";
import { Conversation } from "./conversation.js";
import { element } from "./dom.js";
import { FieldsForm } from "./form.js";

/** @typedef {import("./connection.js").ConnectionState} ConnectionState */
/** @typedef {import("./connection.js").ConnectionOptions} ConnectionOptions */
/** @typedef {import("./content.js").Message} Message */
/** @typedef {import("./endpoints.js").Endpoint} Endpoint */

/** API Gateway closes a socket on a WebSocket frame over 32 KB, and browsers send one per message. */
const FRAME_LIMIT_BYTES = 32 * 1024;

export class Room {
  #conversation;
  #composer;
  #connection;
  #onState;
  #connected = false;
  /** The composer says that nothing was sent for want of a connection. */
  #refused = false;
  #lastId = 0;
  element = element("div", { class: "room" });

  /**
   * @param {Endpoint} endpoint
   * @param {Pick<ConnectionOptions, "checkSession" | "onState" | "onFrame">} options
   */
  constructor(endpoint, { checkSession, onState, onFrame }) {
    this.endpoint = endpoint;
    this.#onState = onState;
    const submit = (/** @type {Message} */ payload) => this.#send(payload);
    const { fields, isChat } = endpoint;
    this.#composer = isChat ? new ChatBox(fields[0], submit) : new FieldsForm(fields, submit);
    this.#conversation = new Conversation({
      intro: this.#intro(),
      textKey: isChat ? fields[0].name : "message",
      resend: (payload) => this.#resend(payload),
    });
    this.#connection = new Connection({
      url: socketUrl(endpoint.name),
      checkSession,
      onFrame,
      onState: (state) => this.#changed(state),
      onMessage: (text) => {
        const problems = this.#conversation.received(text);
        if (problems.length) this.#composer.showProblems(problems);
      },
    });
    this.element.append(this.#conversation.element, this.#composer.element);
  }

  /** Connects; the room must be in the page. */
  open() {
    this.#conversation.toBottom();
    this.#connection.start();
  }

  /** Disconnects; what was said and typed stays for the next `open`. */
  close() {
    this.#connection.stop();
  }

  retryNow() {
    this.#connection.retryNow();
  }

  focus() {
    this.#composer.focus();
  }

  /** @param {ConnectionState} state */
  #changed(state) {
    this.#connected = state.status === "connected";
    if (this.#connected && this.#refused) {
      this.#composer.showProblems([]);
      this.#refused = false;
    }
    if (state.status === "waiting" || state.status === "closed") this.#conversation.connectionLost();
    for (const button of this.#composer.element.querySelectorAll("button[type=submit]")) {
      // Not `disabled`: that would throw away the keyboard focus in the middle of a sentence.
      button.setAttribute("aria-disabled", String(!this.#connected));
    }
    this.#onState(state);
  }

  /** @param {Message} payload @returns {string | null} why it was not sent */
  #send(payload) {
    this.#refused = !this.#connected;
    if (this.#refused) return "Not connected; nothing was sent.";
    const id = this.#lastId + 1;
    const message = { ...payload, $id: id };
    const bytes = new TextEncoder().encode(JSON.stringify(message)).length;
    if (bytes > FRAME_LIMIT_BYTES) {
      return `This is too long: ${Math.ceil(bytes / 1024)} KB, and at most 32 KB can be sent at once.`;
    }
    if (!this.#connection.send(message)) return "The connection was just lost; nothing was sent.";
    this.#lastId = id;
    this.#conversation.sent(id, payload);
    return null;
  }

  /** @param {Message} payload */
  #resend(payload) {
    if (this.#send(payload) !== null) this.#composer.fill(payload);
    this.focus();
  }

  #intro() {
    const { title, description, examples } = this.endpoint;
    const heading = element("h1", {}, title);
    const intro = element("div", { class: "intro" }, heading, ...documentation(description));
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

/** @param {string} endpoint */
function socketUrl(endpoint) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${location.host}/ws?endpoint=${encodeURIComponent(endpoint)}`;
}
