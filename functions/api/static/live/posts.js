// @ts-check
/** `posts:USER`: what a user posts, and what others think of it. */

import { textContent } from "../content.js";
import { element, spoken } from "../dom.js";
import { remark, saying } from "./bubbles.js";
import { decodedUsername } from "./usernames.js";

/** @typedef {import("./view.js").ViewContext} ViewContext */

const REACTIONS = ["👍", "❤️", "😄"];

/** @type {import("./view.js").ViewMaker} */
export function postsView(context) {
  /** @type {Map<number, Reactions>} */ const posts = new Map();
  const user = decodedUsername(context.subject);
  return {
    social: false,
    show({ channel, sequence, sentAt, payload: { from, text, reaction, post } }) {
      if (typeof reaction === "string") {
        const target = posts.get(Number(post));
        if (target) target.add(reaction, String(from));
        else return remark(sentAt, `${from} ${reaction} to an earlier post of ${user}`);
        return null;
      }
      const author = String(from ?? "");
      const shown = saying({ channel, from: author, username: context.username, sentAt }, textContent(String(text)));
      if (sequence !== null) {
        const reactions = new Reactions((chosen) =>
          context.act({ action: "react", user, text: chosen, post: sequence }),
        );
        posts.set(sequence, reactions);
        shown.querySelector(".bubble")?.after(reactions.element);
      }
      return shown;
    },
  };
}

/** A row of buttons below a post, with who pressed them. */
class Reactions {
  element = element("div", { class: "reactions", role: "group", "aria-label": "Reactions" });
  /** @type {Map<string, { people: Set<string>, button: HTMLElement }>} */ #chips = new Map();
  #react;

  /** @param {(reaction: string) => void} react */
  constructor(react) {
    this.#react = react;
    for (const reaction of REACTIONS) this.#chip(reaction);
  }

  /** @param {string} reaction @param {string} from */
  add(reaction, from) {
    const { people, button } = this.#chip(reaction);
    people.add(from);
    const names = element("span", {}, spoken(" by "), [...people].join(", "));
    button.replaceChildren(reaction, " ", names);
    button.classList.add("used");
  }

  /** @param {string} reaction */
  #chip(reaction) {
    const existing = this.#chips.get(reaction);
    if (existing) return existing;
    const button = element("button", { type: "button" }, reaction);
    button.addEventListener("click", () => this.#react(reaction));
    this.element.append(button);
    const made = { people: new Set(), button };
    this.#chips.set(reaction, made);
    return made;
  }
}
