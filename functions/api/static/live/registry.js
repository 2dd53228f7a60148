// @ts-check
/**
 * Maps a channel's prefix to its view. A channel with any other prefix shows its events as bubbles,
 * its members, and who comes and goes.
 */

import { messageContent, summary, textContent } from "../content.js";
import { boardView } from "./board.js";
import { saying } from "./bubbles.js";
import { deviceView } from "./device.js";
import { postsView } from "./posts.js";
import { priceView } from "./price.js";

/** @typedef {import("./view.js").ViewContext} ViewContext */
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

/** @param {Omit<ViewContext, "subject">} context @returns {View} */
export function viewOf(context) {
  const { channel } = context;
  const prefix = Object.keys(VIEWS).find((start) => channel.startsWith(start)) ?? "";
  const make = VIEWS[prefix] ?? plainView;
  return make({ ...context, subject: channel.slice(prefix.length) });
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
      // After a reconnect old typing events arrive that have long become messages.
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
