// @ts-check
/** What of a connection survives a reload of the page, in this tab: unanswered messages, and answers. */

import { isObject } from "./message.js";

/** @typedef {import("./environment.js").Environment} Environment */
/** @typedef {import("./message.js").Message} Message */
/** @typedef {import("./outbox.js").KeptEntry} KeptEntry */
/** An answer that was asked for in this tab, and the message that did. @typedef {{ id: string, message: Message }} KeptAnswer */
/**
 * @typedef {object} LoginSession as `GET /auth/session` describes it
 * @property {string} username
 * @property {unknown} expires_at two sessions of a user differ in it
 */
/** @typedef {{ session: LoginSession, outbox: KeptEntry[], answers: KeptAnswer[] }} Kept */

const PREFIX = "sapa ";

export class TabState {
  #storage;
  #key;

  /** @param {Environment["storage"]} storage @param {string} url of the connection */
  constructor(storage, url) {
    this.#storage = storage;
    this.#key = `${PREFIX}${url}`;
  }

  /** What is stored for a user, if there is anything. @param {string} username @returns {Kept | null} */
  read(username) {
    try {
      const value = JSON.parse(this.#storage?.getItem(this.#key) ?? "null");
      return isKept(value) && value.session.username === username ? value : null;
    } catch {
      return null;
    }
  }

  /** @param {Kept} kept */
  write(kept) {
    try {
      if (kept.outbox.length || kept.answers.length) this.#storage?.setItem(this.#key, JSON.stringify(kept));
      else this.#storage?.removeItem(this.#key);
    } catch {
      // Storage is full or forbidden: then a reload loses what is open, as without it.
    }
  }
}

/** Removes everything that connections have stored in this tab. @param {Storage | null} storage */
export function clearTab(storage) {
  if (!storage) return;
  const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index));
  for (const key of keys) if (key?.startsWith(PREFIX)) storage.removeItem(key);
}

/** Another version of the module may have written it. @param {unknown} value @returns {value is Kept} */
function isKept(value) {
  if (!isObject(value) || !isObject(value.session)) return false;
  const { outbox, answers } = value;
  if (!Array.isArray(outbox) || !Array.isArray(answers)) return false;
  return (
    outbox.every((entry) => isObject(entry) && isObject(entry.message) && typeof entry.wasSent === "boolean") &&
    answers.every((answer) => isObject(answer) && typeof answer.id === "string" && isObject(answer.message))
  );
}
