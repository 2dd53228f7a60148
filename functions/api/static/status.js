// @ts-check
/** Says in words how the connection is: always visible, and announced when it changes. */

/** @typedef {import("./sapa.js").ConnectionState} ConnectionState */
/** @typedef {{ tone: "good" | "busy" | "bad" | "off", label: string, reason: string, retry: boolean }} Report */

/**
 * @typedef {object} Details
 * @property {boolean} [silent] whether nothing comes back
 * @property {string} [problem] what the server, or nobody, answered to the question for the session
 */

const KEPT = "What you type stays here; Send works again once connected.";

/** @param {ConnectionState} state @param {Details} details @param {number} now @returns {Report} */
function reportOf(state, { silent = false, problem = "" }, now) {
  switch (state.status) {
    case "connected":
      if (silent) return { tone: "busy", label: "Waiting for an answer…", reason: "", retry: false };
      return { tone: "good", label: "Connected", reason: "", retry: false };
    case "connecting": {
      // The first connection is there in a moment; a line that comes and goes would only flicker.
      if (state.attempt === 0) return { tone: "busy", label: "Connecting…", reason: "", retry: false };
      const label = "Reconnecting…";
      return { tone: "busy", label, reason: `${label} ${KEPT}`, retry: false };
    }
    case "waiting": {
      const seconds = Math.max(0, Math.ceil((state.retryAt - now) / 1000));
      if (state.offline) {
        return { tone: "bad", label: "Offline", reason: `No network. ${KEPT}`, retry: true };
      }
      const label = `Retrying in ${seconds} s`;
      return { tone: "bad", label, reason: `${problem || "Not connected."} ${KEPT}`, retry: true };
    }
    case "closed":
      if (state.reason === "too_many_connections") {
        const reason = `Sapa is open in too many windows or on too many devices, so this one is not connected. Close another one, then connect here. ${KEPT}`;
        return { tone: "bad", label: "Disconnected", reason, retry: true };
      }
      return { tone: "off", label: "Logged out", reason: "You are logged out.", retry: false };
  }
}

export class StatusView {
  #parts;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #ticking;
  #announced = "";

  /**
   * @param {object} parts
   * @param {HTMLElement} parts.pill visible, ticks every second
   * @param {HTMLElement} parts.label the pill's text
   * @param {HTMLElement} parts.announcer polite live region, changes with the state only
   * @param {HTMLElement} parts.notice why Send does not work
   * @param {HTMLElement} parts.noticeText
   * @param {HTMLElement} parts.retry
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** @param {ConnectionState} state @param {Details} [details] */
  show(state, details = {}) {
    clearInterval(this.#ticking);
    this.#draw(state, details);
    if (state.status === "waiting") this.#ticking = setInterval(() => this.#draw(state, details), 500);
    this.#announce(state, details);
  }

  /** @param {ConnectionState} state @param {Details} details */
  #draw(state, details) {
    const { tone, label, reason, retry } = reportOf(state, details, Date.now());
    const { pill, label: labelElement, notice, noticeText, retry: retryButton } = this.#parts;
    pill.dataset.tone = tone;
    if (labelElement.textContent !== label) labelElement.textContent = label;
    if (noticeText.textContent !== reason) noticeText.textContent = reason;
    notice.hidden = reason === "";
    retryButton.hidden = !retry;
    retryButton.textContent = state.status === "closed" ? "Connect here" : "Connect now";
  }

  /** Not the countdown: a screen reader would read every second of it. @param {ConnectionState} state @param {Details} details */
  #announce(state, details) {
    const { label } = reportOf(state, details, Date.now());
    const words = state.status === "waiting" && !state.offline ? "Connection lost, reconnecting" : label;
    // The first seconds of every retry would repeat what was just said.
    if (state.status === "connecting" && state.attempt > 0) return;
    if (words === this.#announced) return;
    this.#announced = words;
    this.#parts.announcer.textContent = words;
  }
}
