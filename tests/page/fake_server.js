// @ts-check
/** The other side of `$resume`, by the same contract as the real one, on a network that fails. */

/** @typedef {import("./fake_browser.js").FakeSocket} FakeSocket */
/** @typedef {import("./fake_browser.js").Json} Json */
/** @typedef {{ socket: FakeSocket, channels: Set<string>, deaf: boolean }} Peer */
/** @typedef {{ last: number, stored: Map<number, Json> }} Log */

/** Fewer than on AWS, so that answers come in parts. */
const EVENTS_PER_ANSWER = 15;

export class FakeServer {
  #clock;
  #random;
  /** @type {Map<string, Log>} */ #logs = new Map();
  /** @type {Set<Peer>} */ #peers = new Set();
  /** Of the one login session that all pages share. @type {Set<string>} */
  #joined = new Set();
  /** Whether anything goes wrong. */
  faulty = true;

  /** @param {import("./fake_browser.js").FakeClock} clock @param {() => number} random */
  constructor(clock, random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The numbers of all accepted events. @param {string} channel */
  published(channel) {
    return [...this.#log(channel).stored.keys()].sort((one, other) => one - other);
  }

  /** Answers the handshake of a page's new socket. @param {FakeSocket} socket */
  meet(socket) {
    this.#later(300, () => {
      if (this.#fails(0.2)) return socket.cut();
      if (socket.readyState !== 0) return;
      /** @type {Peer} */
      const peer = { socket, channels: new Set(), deaf: false };
      this.#peers.add(peer);
      socket.onSent = (message) => this.#later(200, () => this.#received(peer, message));
      socket.onClosed = () => this.#later(500, () => this.#peers.delete(peer));
      socket.open();
    });
  }

  /** An event takes its number, is stored some time later, and only then sent: others overtake it. @param {string} channel */
  publish(channel) {
    const log = this.#log(channel);
    const sequence = (log.last += 1);
    if (this.#fails(0.005)) return;
    this.#later(1_500, () => {
      const frame = { $channel: channel, $sequence: sequence, $sent_at: this.#clock.now };
      log.stored.set(sequence, frame);
      for (const peer of this.#peers) {
        if (peer.channels.has(channel)) this.#post(peer, frame, 0.05);
      }
    });
  }

  /** Something happens to one of the sockets: it is cut, or nobody hears anything any more. */
  harm() {
    const peers = [...this.#peers];
    const peer = peers[Math.floor(this.#random() * peers.length)];
    if (!peer) return;
    if (this.#random() < 0.3) peer.deaf = true;
    else {
      this.#peers.delete(peer);
      peer.socket.cut();
    }
  }

  /** @param {Peer} peer @param {Json} message */
  #received(peer, { $ping, $resume, $id, join }) {
    if (!this.#peers.has(peer) || peer.deaf || this.#fails(0.03)) return;
    if ($ping !== undefined) this.#post(peer, { $pong: $ping });
    else if ($resume) this.#resume(peer, $resume, $id);
    else if (join) {
      peer.channels.add(join);
      this.#joined.add(join);
      this.#post(peer, { joined: join, known: [0, ...this.published(join)], $id });
    }
  }

  /** @param {Peer} peer @param {Record<string, number>} marks @param {unknown} $id */
  #resume(peer, marks, $id) {
    /** @type {Json[]} */
    const frames = [];
    /** @type {Json} */
    const done = { $resumed: {}, $members: {}, $id };
    for (const [channel, position] of Object.entries(marks)) {
      if (!this.#joined.has(channel)) continue;
      peer.channels.add(channel);
      const missed = this.published(channel).filter((sequence) => sequence > position);
      const sent = missed.slice(0, EVENTS_PER_ANSWER - frames.length);
      frames.push(...sent.map((sequence) => this.#log(channel).stored.get(sequence) ?? {}));
      done.$resumed[channel] = sent.at(-1) ?? position;
      if (sent.length < missed.length) done.$more = { ...done.$more, [channel]: missed.at(-1) };
    }
    for (const frame of [...frames, done]) this.#post(peer, frame, 0.01);
  }

  /** @param {Peer} peer @param {Json} frame @param {number} [loss] */
  #post(peer, frame, loss = 0) {
    const arrive = () => !peer.deaf && peer.socket.deliver(frame);
    if (!this.#fails(loss)) this.#later(900, arrive);
    if ("$channel" in frame && this.#fails(0.1)) this.#later(3_000, arrive);
  }

  /** @param {number} chance */
  #fails(chance) {
    return this.faulty && this.#random() < chance;
  }

  /** @param {number} most @param {() => void} action */
  #later(most, action) {
    this.#clock.setTimeout(action, this.#random() * most);
  }

  /** @param {string} channel @returns {Log} */
  #log(channel) {
    const log = this.#logs.get(channel) ?? { last: 0, stored: new Map() };
    this.#logs.set(channel, log);
    return log;
  }
}
