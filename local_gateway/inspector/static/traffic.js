// @ts-check
/** What has happened, as rows: happenings of one invocation are joined, logs find their connection. */

/**
 * @typedef {object} Row
 * @property {number} number orders rows
 * @property {number} at epoch milliseconds
 * @property {Kind} kind
 * @property {string | null} [connection]
 * @property {string | null} [function]
 * @property {string | null} [request]
 * @property {string} [route]
 * @property {string} [outcome]
 * @property {string | null} [detail]
 * @property {number | null} [duration]
 * @property {number | null} [init]
 * @property {boolean} [cold]
 * @property {boolean} [problem]
 * @property {string} [text]
 * @property {"in" | "out"} [way]
 * @property {string} [stream]
 * @property {HTMLElement} [element]
 */

/** @typedef {"frame" | "call" | "log" | "connection" | "management" | "http" | "missed"} Kind */

const KEPT_ROWS = 4000;

export class Traffic {
  /** @type {Row[]} */
  rows = [];
  #run = "";
  #last = 0;
  /** By request id. @type {Map<string, { call?: Row, logs: Row[] }>} */
  #requests = new Map();

  /** A stream begins: what is known stays, unless the gateway is another one. @param {string} run */
  begin(run) {
    if (run === this.#run) return false;
    this.#run = run;
    this.#last = 0;
    this.clear();
    return true;
  }

  /** @param {{ number: number }} happening */
  isNew({ number }) {
    return number > this.#last;
  }

  clear() {
    this.rows = [];
    this.#requests.clear();
  }

  /**
   * Take what happened. Returns rows that are new, that have become different, and that are too
   * old to be kept. Numbers have no gaps, so a gap tells of rows that never came.
   *
   * @param {any[]} happenings
   */
  add(happenings) {
    /** @type {Row[]} */
    const added = [];
    /** @type {Row[]} */
    const changed = [];
    for (const happening of happenings) {
      if (!this.isNew(happening)) continue;
      const missed = happening.number - this.#last - 1;
      if (this.#last > 0 && missed > 0) added.push(gap(happening, missed));
      this.#last = happening.number;
      const joined = this.#join(happening);
      if (joined) changed.push(...joined);
      else added.push(this.#row(happening));
    }
    this.rows.push(...added);
    const dropped = this.rows.splice(0, Math.max(0, this.rows.length - KEPT_ROWS));
    for (const row of dropped) this.#forget(row);
    return { added, changed, dropped };
  }

  /** The log lines of an invocation. @param {Row} call @returns {Row[]} */
  logsOf(call) {
    return (call.request && this.#requests.get(call.request)?.logs) || [];
  }

  /** The second report of an invocation completes the first. @param {any} happening */
  #join(happening) {
    const known = happening.request && this.#requests.get(happening.request);
    if (!known?.call || happening.kind === "log") return undefined;
    const { number, at, kind, ...facts } = happening;
    const given = Object.entries(facts).filter(([, value]) => value !== null);
    Object.assign(known.call, Object.fromEntries(given));
    if (kind === "entry") known.call.kind = kindOf(happening);
    for (const log of known.logs) log.connection = known.call.connection;
    return [known.call, ...known.logs];
  }

  /** @param {any} happening @returns {Row} */
  #row(happening) {
    const row = { ...happening, kind: kindOf(happening) };
    if (!row.request) return row;
    const known = this.#requests.get(row.request) ?? { logs: [] };
    this.#requests.set(row.request, known);
    if (row.kind === "log") {
      row.connection = known.call?.connection;
      known.logs.push(row);
    } else {
      known.call = row;
      for (const log of known.logs) log.connection = row.connection;
    }
    return row;
  }

  /** @param {Row} row */
  #forget(row) {
    const known = row.request && this.#requests.get(row.request);
    if (known && (!known.call || known.call === row)) this.#requests.delete(row.request ?? "");
  }
}

/** @param {any} happening @returns {Kind} */
function kindOf({ kind, api, function: name, request }) {
  if (kind === "run") return "call";
  if (kind !== "entry") return kind;
  if (api === "http" || api === "management") return api;
  return name || request ? "call" : "connection";
}

/** @param {any} next @param {number} missed @returns {Row} */
function gap({ number, at }, missed) {
  return { number: number - 0.5, at, kind: "missed", text: String(missed) };
}
