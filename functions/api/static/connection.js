// @ts-check
/**
 * A WebSocket that comes back: reconnects with backoff and jitter after any close, keeps a quiet
 * socket alive with `$ping`, and notices a dead one. Knows nothing of the page it is used in.
 *
 * API Gateway closes a socket after 10 quiet minutes and after 2 hours at the latest, and
 * CloudFront after 10 minutes without a byte towards the client; so both directions count as quiet
 * ("Amazon API Gateway WebSocket quotas", "CloudFront: use WebSockets with distributions").
 */

const BACKOFF_FIRST_MS = 500;
const BACKOFF_CEILING_MS = 30_000;
/** A connection that lived this long was a good one: the backoff starts afresh after it. */
const STABLE_AFTER_MS = 10_000;
const HANDSHAKE_TIMEOUT_MS = 35_000;
const QUIET_MS = 240_000;
const QUIET_JITTER_MS = 60_000;
const PONG_TIMEOUT_MS = 20_000;
/** After a message without any frame back for this long, a ping asks whether anyone is there. */
const SILENCE_AFTER_SEND_MS = 15_000;

/**
 * @typedef {(
 *   | { status: "connecting", attempt: number }
 *   | { status: "connected" }
 *   | { status: "waiting", retryAt: number, attempt: number, offline: boolean }
 *   | { status: "closed", reason: "stopped" | "session_ended" }
 * )} ConnectionState `retryAt` is in milliseconds, as `Date.now()` counts.
 */
/** @typedef {{ direction: "sent" | "received" | "event", text: string, at: Date }} Frame */
/**
 * @typedef {object} ConnectionOptions
 * @property {string} url
 * @property {() => Promise<"alive" | "ended" | "unknown">} checkSession
 *   asked after a failed handshake, whose status a browser hides from the page
 * @property {(state: ConnectionState) => void} onState
 * @property {(text: string) => void} onMessage every text frame but answers to our own pings
 * @property {(frame: Frame) => void} onFrame everything on the wire, pings included
 */

/** The wait before reconnect number `attempt` (0, 1, …), in milliseconds: full jitter. @param {number} attempt */
export function backoff(attempt, random = Math.random) {
  return random() * Math.min(BACKOFF_CEILING_MS, BACKOFF_FIRST_MS * 2 ** attempt);
}

export class Connection {
  /** @type {ConnectionOptions} */ #options;
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {ConnectionState} */ #state = { status: "closed", reason: "stopped" };
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */ #timers = new Map();
  /** Aborted by `stop`; carries the listeners for network and visibility. */
  #life = new AbortController();
  #attempt = 0;
  #openedAt = 0;
  #lastSentAt = 0;
  #lastReceivedAt = 0;
  #lastPing = 0;

  /** @param {ConnectionOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /** Connects, and keeps connecting until `stop` or the end of the login session. */
  start() {
    this.#life = new AbortController();
    const { signal } = this.#life;
    globalThis.addEventListener("online", () => this.#wake(), { signal });
    globalThis.addEventListener("offline", () => this.#probe(), { signal });
    document.addEventListener("visibilitychange", () => this.#becameVisible(), { signal });
    this.#attempt = 0;
    this.#connect();
  }

  /** Closes for good. @param {"stopped" | "session_ended"} [reason] */
  stop(reason = "stopped") {
    if (this.#state.status === "closed") return;
    this.#life.abort();
    this.#drop(1000, "bye");
    this.#enter({ status: "closed", reason });
  }

  /** Tries at once instead of waiting out the backoff. */
  retryNow() {
    if (this.#state.status === "waiting") this.#connect();
  }

  /**
   * Sends one JSON object.
   *
   * @param {Record<string, unknown>} message
   * @returns {boolean} false when there is no open socket; nothing was sent then
   */
  send(message) {
    const socket = this.#socket;
    if (!socket || socket.readyState !== WebSocket.OPEN) return false;
    const text = JSON.stringify(message);
    socket.send(text);
    this.#lastSentAt = Date.now();
    this.#report("sent", text);
    if (!("$ping" in message)) this.#after("silence", SILENCE_AFTER_SEND_MS, () => this.#probe());
    return true;
  }

  #connect() {
    this.#drop();
    this.#enter({ status: "connecting", attempt: this.#attempt });
    const socket = new WebSocket(this.#options.url);
    this.#socket = socket;
    this.#openedAt = 0;
    this.#report("event", `connecting to ${this.#options.url}`);
    this.#after("handshake", HANDSHAKE_TIMEOUT_MS, () => this.#lost("handshake timed out"));
    const current = () => socket === this.#socket;
    socket.addEventListener("open", () => current() && this.#opened());
    socket.addEventListener("message", ({ data }) => current() && this.#received(String(data)));
    socket.addEventListener("close", (event) => {
      if (current()) this.#lost(`closed: ${event.code}${event.reason && ` ${event.reason}`}`);
    });
  }

  #opened() {
    this.#cancel("handshake");
    this.#openedAt = this.#lastSentAt = this.#lastReceivedAt = Date.now();
    this.#report("event", "open");
    this.#enter({ status: "connected" });
    this.#watchQuiet();
  }

  /** @param {string} text */
  #received(text) {
    this.#lastReceivedAt = Date.now();
    // Whatever arrives proves that someone is there, the pong or anything that overtook it.
    this.#cancel("silence");
    this.#cancel("pong");
    this.#report("received", text);
    if (!this.#isOurPong(text)) this.#options.onMessage(text);
  }

  /** The socket is gone or as good as gone. @param {string} why */
  async #lost(why) {
    const opened = this.#openedAt > 0;
    if (opened && Date.now() - this.#openedAt >= STABLE_AFTER_MS) this.#attempt = 0;
    this.#drop();
    this.#report("event", opened ? why : `handshake failed (${why})`);
    if (!opened && (await this.#sessionEnded())) return;
    this.#waitAndRetry();
  }

  /** Stops when the failed handshake meant "no longer logged in"; true also when stopped meanwhile. */
  async #sessionEnded() {
    const { signal } = this.#life;
    const answer = await this.#options.checkSession();
    if (signal.aborted) return true;
    if (answer === "ended") this.stop("session_ended");
    return answer === "ended";
  }

  #waitAndRetry() {
    // A hint only: a laptop without network still reaches a gateway on itself, so we keep trying.
    const offline = navigator.onLine === false;
    const delay = offline ? BACKOFF_CEILING_MS : backoff(this.#attempt);
    this.#attempt += 1;
    const retryAt = Date.now() + delay;
    this.#enter({ status: "waiting", retryAt, attempt: this.#attempt, offline });
    this.#after("retry", delay, () => this.#connect());
  }

  /** Asks for a pong; without one the socket counts as dead, whatever the browser believes. */
  #probe() {
    if (this.#state.status !== "connected" || this.#timers.has("pong")) return;
    const stamp = Date.now();
    if (!this.send({ $ping: stamp })) return;
    this.#lastPing = stamp;
    this.#after("pong", PONG_TIMEOUT_MS, () => this.#lost("no answer to $ping"));
  }

  #watchQuiet() {
    const limit = QUIET_MS + Math.random() * QUIET_JITTER_MS;
    const quiet = Date.now() - Math.min(this.#lastSentAt, this.#lastReceivedAt);
    if (quiet >= QUIET_MS) this.#probe();
    this.#after("quiet", quiet >= QUIET_MS ? limit : limit - quiet, () => this.#watchQuiet());
  }

  /** The network is back, or may have changed under an open socket. */
  #wake() {
    if (this.#state.status === "waiting") {
      // Everyone who was cut off hears the same event: spread the return over a second.
      this.#after("retry", Math.random() * 1000, () => this.#connect());
    } else this.#probe();
  }

  /** Timers sleep with a hidden page or a closed lid; look again when it is back. */
  #becameVisible() {
    if (document.visibilityState !== "visible") return;
    if (this.#state.status === "waiting") this.retryNow();
    else if (Date.now() - this.#lastReceivedAt > PONG_TIMEOUT_MS) this.#probe();
  }

  /** @param {string} text */
  #isOurPong(text) {
    if (!text.includes("$pong")) return false;
    try {
      return JSON.parse(text)?.$pong === this.#lastPing;
    } catch {
      return false;
    }
  }

  /** Lets go of the socket and all timers; a later close event of it means nothing any more. */
  #drop(code = 1000, reason = "") {
    for (const name of [...this.#timers.keys()]) this.#cancel(name);
    const socket = this.#socket;
    this.#socket = null;
    if (socket && socket.readyState < WebSocket.CLOSING) socket.close(code, reason);
  }

  /** @param {ConnectionState} state */
  #enter(state) {
    this.#state = state;
    this.#options.onState(state);
  }

  /** @param {Frame["direction"]} direction @param {string} text */
  #report(direction, text) {
    this.#options.onFrame({ direction, text, at: new Date() });
  }

  /** @param {string} name @param {number} delay @param {() => void} action */
  #after(name, delay, action) {
    this.#cancel(name);
    this.#timers.set(name, setTimeout(action, delay));
  }

  /** @param {string} name */
  #cancel(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}
