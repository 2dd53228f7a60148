// @ts-check
/** The stream of events from the gateway; it rests while nobody looks at the page. */

const RETRY_MS = 2000;

/**
 * @typedef {object} Listener
 * @property {(run: string, connections: object[]) => void} snapshot a stream begins: all open
 *   connections; rows seen before may come again
 * @property {(rows: object[]) => void} rows
 * @property {(changed: object[], gone: string[]) => void} connections
 * @property {(state: "live" | "lost") => void} state
 */

export class Feed {
  /** @type {EventSource | undefined} */
  #source;
  #listener;

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
    // A browser has six connections for an origin: hidden pages must not use them up.
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#stop();
      else this.start();
    });
  }

  start() {
    if (this.#source || document.hidden) return;
    const source = new EventSource("/_gateway/events");
    this.#source = source;
    /** @param {string} name @param {(data: any) => void} take */
    const on = (name, take) =>
      source.addEventListener(name, (event) => take(JSON.parse(event.data)));
    on("snapshot", ({ run, connections }) => {
      this.#listener.state("live");
      this.#listener.snapshot(run, connections);
    });
    on("rows", (rows) => this.#listener.rows(rows));
    on("connections", ({ changed, gone }) => this.#listener.connections(changed, gone));
    source.addEventListener("error", () => this.#failed(source));
  }

  /** @param {EventSource} source */
  #failed(source) {
    if (source !== this.#source) return;
    this.#listener.state("lost");
    if (source.readyState !== EventSource.CLOSED) return; // it tries again by itself
    this.#stop();
    setTimeout(() => this.start(), RETRY_MS);
  }

  #stop() {
    this.#source?.close();
    this.#source = undefined;
  }
}

/** Do what `DELETE @connections/{id}` does. @param {string} id */
export async function closeConnection(id) {
  await fetch(`/_gateway/connections/${encodeURIComponent(id)}`, { method: "DELETE" });
}
