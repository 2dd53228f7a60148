// @ts-check
/** The records as rows: the records of an invocation share a row, and log lines get their connection. */

/**
 * @typedef {object} Row
 * @property {number} number orders rows
 * @property {number} at epoch milliseconds
 * @property {Kind} kind
 * @property {string | null} [connection]
 * @property {string | null} [function]
 * @property {string | null} [integration]
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

  /** A stream begins. The rows stay, unless the gateway has restarted. @param {string} run */
  begin(run) {
    if (run === this.#run) return false;
    this.#run = run;
    this.#last = 0;
    this.clear();
    return true;
  }

  /** @param {{ number: number }} record */
  isNew({ number }) {
    return number > this.#last;
  }

  clear() {
    this.rows = [];
    this.#requests.clear();
  }

  /**
   * Take what happened. Returns rows that are new, that have become different, and that are too
   * old to be kept. Numbers have no gaps, so a gap means that rows were lost.
   *
   * @param {any[]} records
   */
  add(records) {
    /** @type {Row[]} */
    const added = [];
    /** @type {Row[]} */
    const changed = [];
    for (const record of records) {
      if (!this.isNew(record)) continue;
      const missed = record.number - this.#last - 1;
      if (this.#last > 0 && missed > 0) added.push(gap(record, missed));
      this.#last = record.number;
      const joined = this.#join(record);
      if (joined) changed.push(...joined);
      else added.push(this.#row(record));
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

  /** The second report of an invocation completes the first. @param {any} record */
  #join(record) {
    const entry = record.request && this.#requests.get(record.request);
    if (!entry?.call || record.kind === "log") return undefined;
    const { number, at, kind, ...facts } = record;
    const given = Object.entries(facts).filter(([, value]) => value !== null);
    Object.assign(entry.call, Object.fromEntries(given));
    if (kind === "entry") entry.call.kind = kindOf(record);
    for (const log of entry.logs) log.connection = entry.call.connection;
    return [entry.call, ...entry.logs];
  }

  /** @param {any} record @returns {Row} */
  #row(record) {
    const row = { ...record, kind: kindOf(record) };
    if (!row.request) return row;
    const entry = this.#requests.get(row.request) ?? { logs: [] };
    this.#requests.set(row.request, entry);
    if (row.kind === "log") {
      row.connection = entry.call?.connection;
      entry.logs.push(row);
    } else {
      entry.call = row;
      for (const log of entry.logs) log.connection = row.connection;
    }
    return row;
  }

  /** @param {Row} row */
  #forget(row) {
    const entry = row.request && this.#requests.get(row.request);
    if (entry && (!entry.call || entry.call === row)) this.#requests.delete(row.request ?? "");
  }
}

/** @param {any} record @returns {Kind} */
function kindOf({ kind, api, function: name, integration, request }) {
  if (kind === "run") return "call";
  if (kind !== "entry") return kind;
  if (api === "http" || api === "management") return api;
  if (api === "rest") return "http";
  return name || integration || request ? "call" : "connection";
}

/** @param {any} next @param {number} missed @returns {Row} */
function gap({ number, at }, missed) {
  return { number: number - 0.5, at, kind: "missed", text: String(missed) };
}
