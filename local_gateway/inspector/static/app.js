// @ts-check
/** Wires the parts of the page together. */

import { Connections } from "./connections.js";
import { Detail } from "./detail.js";
import { byId } from "./dom.js";
import { Feed } from "./feed.js";
import { Filter } from "./filter.js";
import { Timeline } from "./timeline.js";
import { Traffic } from "./traffic.js";

const MOST_HELD = 4000;

const traffic = new Traffic();
const timeline = new Timeline((row) => detail.show(row));
const detail = new Detail({
  logsOf: (row) => traffic.logsOf(row),
  choose: (connection) => filter.choose(connection),
  close: () => timeline.leave(),
});
const connections = new Connections((id) => filter.choose(id));
const filter = new Filter(() => {
  connections.mark(filter.connection);
  redraw();
});

/** What came while the page is paused; undefined when it is not. @type {any[] | undefined} */
let held;
let isLive = false;

function redraw() {
  timeline.replace(traffic.rows.filter((row) => filter.admits(row)));
}

/** @param {any[]} records */
function take(records) {
  const { added, changed, dropped } = traffic.add(records);
  for (const row of changed) timeline.refresh(row);
  detail.refresh(changed);
  timeline.append(added.filter((row) => filter.admits(row)));
  timeline.drop(dropped);
  // A hidden row may match the filter now.
  if (filter.connection && changed.some((row) => !row.element?.isConnected && filter.admits(row))) redraw();
}

function showState() {
  const state = byId("state");
  const waiting = held?.length ? `, ${held.length} waiting` : "";
  byId("state-label").textContent = held ? `Paused${waiting}` : isLive ? "Live" : "Reconnecting…";
  state.dataset.tone = held ? "busy" : isLive ? "good" : "bad";
}

const feed = new Feed({
  snapshot(run, open) {
    connections.replace(/** @type {any} */ (open));
    if (held) held = []; // it comes again
    if (!traffic.begin(run)) return;
    detail.show(undefined);
    redraw();
  },
  rows(records) {
    if (!held) return take(records);
    held.push(...records.filter((/** @type {any} */ record) => traffic.isNew(record)));
    held.splice(0, Math.max(0, held.length - MOST_HELD));
    showState();
  },
  connections: (changed, gone) => connections.update(/** @type {any} */ (changed), gone),
  state(state) {
    isLive = state === "live";
    showState();
  },
});

byId("pause").addEventListener("click", () => {
  const rows = held;
  held = rows ? undefined : [];
  byId("pause").setAttribute("aria-pressed", String(Boolean(held)));
  byId("pause").textContent = held ? "Resume" : "Pause";
  if (rows) take(rows);
  showState();
});

byId("clear").addEventListener("click", () => {
  if (held) held = [];
  traffic.clear();
  detail.show(undefined);
  redraw();
  showState();
});

document.addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLInputElement;
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    filter.focus();
  } else if (event.key === "Escape" && detail.isOpen) timeline.leave();
});

if (window.matchMedia("(max-width: 52rem)").matches) byId("side").removeAttribute("open");
feed.start();
