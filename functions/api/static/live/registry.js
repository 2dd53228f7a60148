// @ts-check
/**
 * The one place that knows which channel is shown how. A channel of a prefix that is not here
 * still shows its events as bubbles, its members and who comes and goes.
 */

import { messageContent, summary, textContent } from "../content.js";
import { boardView } from "./board.js";
import { saying } from "./bubbles.js";
import { deviceView } from "./device.js";
import { postsView } from "./posts.js";
import { priceView } from "./price.js";

/** @typedef {import("./view.js").Surroundings} Surroundings */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("./view.js").ViewMaker} ViewMaker */

/** @type {Record<string, ViewMaker>} */
const VIEWS = {
  "user:": notificationsView,
  "chat:": chatView,
  "typing:": typingView,
  "price:": priceView,
  "game:": boardView,
  "device:": deviceView,
  "posts:": postsView,
};

/** @param {Omit<Surroundings, "subject">} around @returns {View} */
export function viewOf(around) {
  const { channel } = around;
  const prefix = Object.keys(VIEWS).find((start) => channel.startsWith(start)) ?? "";
  const make = VIEWS[prefix] ?? plainView;
  return make({ ...around, subject: channel.slice(prefix.length) });
}

/** @type {ViewMaker} */
function plainView({ username }) {
  return {
    show({ channel, sentAt, payload: { from, ...rest } }) {
      const speaker = typeof from === "string" ? from : "";
      return saying({ channel, from: speaker, username, sentAt }, messageContent(rest));
    },
  };
}

/** @type {ViewMaker} */
function chatView({ subject, username, typing }) {
  return {
    show({ channel, sentAt, payload: { from, text } }) {
      const speaker = String(from ?? "");
      typing.stopped(subject, speaker);
      return saying({ channel, from: speaker, username, sentAt }, textContent(String(text ?? "")));
    },
  };
}

/** @type {ViewMaker} */
function typingView({ subject, username, typing }) {
  return {
    social: false,
    lossy: true,
    show({ sentAt, payload: { from } }) {
      // Whoever comes back after a while is told of typing that has long become a message.
      const recent = Date.now() - sentAt < 5_000;
      if (typeof from === "string" && from !== username && recent) typing.started(subject, from);
      return null;
    },
  };
}

/** @type {ViewMaker} */
function notificationsView({ toasts }) {
  return {
    social: false,
    show({ channel, sequence, sentAt, payload }) {
      const { from, notification, ...rest } = payload;
      const isText = typeof notification === "string";
      const speaker = typeof from === "string" ? from : "";
      toasts.show(`${channel} ${sequence ?? sentAt}`, speaker, isText ? notification : summary(payload));
      const content = isText ? textContent(notification) : messageContent(rest);
      const shown = saying({ channel, from: speaker, username: "", sentAt }, content);
      shown.classList.add("notice");
      // The toast is announced already.
      shown.setAttribute("aria-live", "off");
      return shown;
    },
  };
}
