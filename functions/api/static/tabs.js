// @ts-check
/** What the tabs of a browser tell each other: they share the cookie, so a login or logout is of all. */

/** @typedef {{ type: "logged_in" | "logged_out", username: string }} TabNews */

export class Tabs {
  #channel = new BroadcastChannel("sapa-login");

  /** @param {(news: TabNews) => void} onNews of the other tabs */
  constructor(onNews) {
    this.#channel.addEventListener("message", ({ data }) => {
      const { type, username } = data ?? {};
      const isKnownType = type === "logged_in" || type === "logged_out";
      // Another version of this page may run in an old tab.
      if (isKnownType && typeof username === "string") onNews({ type, username });
    });
  }

  /** Tells the other tabs. @param {TabNews} news */
  announce(news) {
    this.#channel.postMessage(news);
  }

  close() {
    this.#channel.close();
  }
}
