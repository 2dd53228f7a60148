// @ts-check
/** Puts the page together: who is logged in, which endpoint is open, what is shown. */

import { addressOf, endpointIn } from "./addresses.js";
import { byId, element } from "./dom.js";
import { endpointsOf } from "./endpoints.js";
import { FramesView } from "./frames.js";
import { Toasts } from "./live/toasts.js";
import { LoginView } from "./login.js";
import { Room } from "./room.js";
import { clearStored } from "./sapa.js";
import { asyncApiDocument, currentSession, logout, UnavailableError } from "./session.js";
import { StatusView } from "./status.js";
import { Tabs } from "./tabs.js";
import { warpIn } from "./warp.js";

/** @typedef {import("./endpoints.js").Endpoint} Endpoint */
/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./sapa.js").ConnectionState} ConnectionState */

const DEFAULT_ENDPOINT = "reply";
const LOGGED_OUT_ELSEWHERE = "You logged out in another tab. Your text is kept. Log in to continue.";

const view = {
  account: byId("account", HTMLElement),
  username: byId("account-name", HTMLElement),
  logout: byId("logout", HTMLButtonElement),
  retry: byId("retry", HTMLButtonElement),
  unreachable: byId("unreachable", HTMLElement),
  unreachableText: byId("unreachable-text", HTMLElement),
  unreachableRetry: byId("unreachable-retry", HTMLButtonElement),
  chat: byId("chat", HTMLElement),
  endpoints: byId("endpoints", HTMLElement),
  stage: byId("stage", HTMLElement),
};
const frames = new FramesView({
  panel: byId("frames", HTMLElement),
  list: byId("frames-list", HTMLElement),
  toggle: byId("frames-toggle", HTMLButtonElement),
  clear: byId("frames-clear", HTMLButtonElement),
  close: byId("frames-close", HTMLButtonElement),
});
const status = new StatusView({
  pill: byId("state", HTMLElement),
  label: byId("state-label", HTMLElement),
  announcer: byId("announcer", HTMLElement),
  notice: byId("send-state", HTMLElement),
  noticeText: byId("send-state-text", HTMLElement),
  retry: view.retry,
});
const toasts = new Toasts(byId("toasts", HTMLElement));
const loginView = new LoginView((entered) => {
  tabs.announce({ type: "logged_in", username: entered.username });
  void enter(entered);
});
const tabs = new Tabs((news) => void heard(news));

/** @type {Endpoint[]} */ let endpoints = [];
/** @type {Map<string, Room>} */ const rooms = new Map();
/** @type {Room | null} */ let current = null;
/** Why it is not known whether the session lives; browsers hide a handshake's answer from the page. */
let problem = "";
/** Whose conversation the rooms hold. */
let owner = "";
/** The login session. @type {Session} */
let session = { username: "", expires_at: 0 };

/** Finds out whether someone is logged in, and goes where that leads. */
async function begin() {
  try {
    const entered = await currentSession();
    if (entered) await enter(entered);
    else leave("");
  } catch (error) {
    showUnreachable(error);
  }
}

/** Goes on without the form if somebody has logged in meanwhile, in another tab. */
async function lookForSession() {
  const entered = await currentSession().catch(() => null);
  if (entered && loginView.isWaiting) await enter(entered);
}

/** @param {import("./tabs.js").TabNews} news */
async function heard({ type, username }) {
  if (type === "logged_in") {
    if (loginView.isWaiting) await lookForSession();
    // The cookie is of somebody else now.
    else if (!view.chat.hidden && username !== owner) await begin();
  } else if (username === owner) {
    // The server's word that the session has ended may have come first.
    if (view.chat.hidden) return loginView.explain(LOGGED_OUT_ELSEWHERE);
    closeRooms();
    leave(LOGGED_OUT_ELSEWHERE);
  }
}

/** @param {Session} entered */
async function enter(entered) {
  const { username } = entered;
  try {
    endpoints = endpointsOf(await asyncApiDocument());
  } catch (error) {
    return showUnreachable(error);
  }
  // What the same person said and typed before the session ended is still theirs.
  if (username !== owner) forget();
  if (owner && username !== owner) clearStored();
  owner = username;
  session = entered;
  view.username.textContent = username;
  show("chat");
  view.endpoints.replaceChildren(...endpoints.map(endpointLink));
  openFromAddress();
}

/** Opens the endpoint that the address names after `#`, else the default one. */
function openFromAddress() {
  const { endpoint, missing } = endpointIn(location.hash, endpoints, DEFAULT_ENDPOINT);
  if (!endpoint || view.chat.hidden) return;
  if (location.hash) history.replaceState(null, "", addressOf(endpoint.name));
  if (missing !== null) {
    const text = `There is no endpoint “${missing}” on this server.`;
    toasts.show(`missing ${Date.now()}`, "", text);
  }
  const next = rooms.get(endpoint.name) ?? newRoom(endpoint);
  if (next !== current) current?.leave();
  current = next;
  view.stage.replaceChildren(current.element);
  for (const link of view.endpoints.querySelectorAll("a")) {
    if (link.hash === addressOf(endpoint.name)) {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "center" });
    } else link.removeAttribute("aria-current");
  }
  document.title = `${endpoint.title} · Sapa`;
  current.open(session);
  current.focus();
}

/** @param {Endpoint} endpoint */
function newRoom(endpoint) {
  const room = new Room(endpoint, {
    username: owner,
    toasts,
    checkSession,
    warp: warpIn(location.search),
    onFrame: (frame) => frames.add(frame),
    onState: (state) => {
      if (room === current) stateChanged(state);
    },
    onSilent: (silent) => {
      if (room === current) status.show(room.state, { silent });
    },
  });
  rooms.set(endpoint.name, room);
  return room;
}

/** @param {ConnectionState} state */
function stateChanged(state) {
  if (state.status === "closed" && state.reason === "stopped") return;
  if (state.status === "connected") problem = "";
  status.show(state, { problem });
  if (state.status === "closed" && state.reason === "session_ended") leave("Your session has ended. Your text is kept. Log in to continue.");
}

/** @returns {Promise<import("./sapa/connection.js").SessionState>} */
async function checkSession() {
  problem = "";
  try {
    const alive = await currentSession();
    if (!alive) return "ended";
    return alive.too_many_connections ? "too_many_connections" : "alive";
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    problem = error.message;
    return "unknown";
  }
}

async function logOut() {
  // First, so that the server's closing of our socket does not look like a lost connection.
  closeRooms();
  try {
    await logout();
  } catch (error) {
    current?.open(session);
    return showUnreachable(error);
  }
  tabs.announce({ type: "logged_out", username: owner });
  forget();
  clearStored();
  owner = "";
  leave("You are logged out.");
}

/** @param {string} notice */
function leave(notice) {
  status.show({ status: "closed", reason: "stopped" });
  document.title = "Sapa";
  show("login");
  loginView.show(notice, owner);
}

/** One that is left may still wait for answers. */
function closeRooms() {
  for (const room of rooms.values()) room.close();
}

function forget() {
  closeRooms();
  current = null;
  rooms.clear();
  frames.clear();
  toasts.clear();
  view.stage.replaceChildren();
}

/** @param {unknown} error */
function showUnreachable(error) {
  if (!(error instanceof UnavailableError)) throw error;
  view.unreachableText.textContent = error.message;
  show("unreachable");
  view.unreachableRetry.focus();
}

/** @param {"chat" | "login" | "unreachable"} which */
function show(which) {
  view.chat.hidden = view.account.hidden = which !== "chat";
  view.unreachable.hidden = which !== "unreachable";
  if (which !== "login") loginView.hide();
}

/** @param {Endpoint} endpoint */
function endpointLink({ name, title, description }) {
  const link = element(
    "a",
    { href: addressOf(name) },
    element("span", { class: "endpoint-title" }, title),
    element("span", { class: "endpoint-description" }, description.split("\n")[0].replaceAll("`", "")),
  );
  return element("li", {}, link);
}

globalThis.addEventListener("hashchange", openFromAddress);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && loginView.isWaiting) void lookForSession();
});
view.retry.addEventListener("click", () => current?.retryNow());
view.logout.addEventListener("click", () => void logOut());
view.unreachableRetry.addEventListener("click", () => void begin());
void begin();
