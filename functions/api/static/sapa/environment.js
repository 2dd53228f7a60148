// @ts-check
/** Everything that `sapa.js` needs from the outside: clock, timers, chance, sockets, the network. */

/**
 * @typedef {object} Environment
 * @property {new (url: string) => WebSocket} WebSocket
 * @property {(action: () => void, ms: number) => unknown} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {() => number} now epoch milliseconds
 * @property {() => number} random from 0 to below 1
 * @property {() => boolean} online false only where there is no network for sure
 * @property {(listeners: NetworkListeners, signal: AbortSignal) => void} listen
 *   calls the listeners until `signal` is aborted
 * @property {Pick<Storage, "getItem" | "setItem" | "removeItem"> | null} storage what survives a reload of
 *   the page; null where nothing does
 */
/**
 * @typedef {object} NetworkListeners
 * @property {() => void} online the network is back
 * @property {() => void} offline the network is gone or has changed
 * @property {() => void} visible the page is looked at again
 */

/** The browser's, read when used; a worker has no document and Node.js no network events. @returns {Environment} */
export function browserEnvironment() {
  return {
    WebSocket: globalThis.WebSocket,
    setTimeout: (action, ms) => globalThis.setTimeout(action, ms),
    clearTimeout: (timer) => globalThis.clearTimeout(timer),
    now: () => Date.now(),
    random: () => Math.random(),
    online: () => globalThis.navigator?.onLine !== false,
    listen: listenToBrowser,
    storage: tabStorage(),
  };
}

/** A browser may be told to keep nothing, and a worker has no tab. @returns {Storage | null} */
export function tabStorage() {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}

/** @type {Environment["listen"]} */
function listenToBrowser({ online, offline, visible }, signal) {
  globalThis.addEventListener?.("online", online, { signal });
  globalThis.addEventListener?.("offline", offline, { signal });
  const page = globalThis.document;
  page?.addEventListener(
    "visibilitychange",
    () => page.visibilityState === "visible" && visible(),
    { signal },
  );
}

/** Timers by name: setting a name again replaces its timer. */
export class Timers {
  #environment;
  /** @type {Map<string, unknown>} */ #running = new Map();

  /** @param {Pick<Environment, "setTimeout" | "clearTimeout">} environment */
  constructor(environment) {
    this.#environment = environment;
  }

  /** @param {string} name @param {number} ms @param {() => void} action */
  after(name, ms, action) {
    this.cancel(name);
    const fire = () => {
      this.#running.delete(name);
      action();
    };
    this.#running.set(name, this.#environment.setTimeout(fire, ms));
  }

  /** @param {string} name */
  has(name) {
    return this.#running.has(name);
  }

  /** @param {string} name */
  cancel(name) {
    this.#environment.clearTimeout(this.#running.get(name));
    this.#running.delete(name);
  }

  clear() {
    for (const name of [...this.#running.keys()]) this.cancel(name);
  }
}
