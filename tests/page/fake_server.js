// @ts-check
/**
 * The other side of `$resume`, of `$once` and of answers, by the same contract as the real one, on a
 * network that fails.
 */

/** @typedef {import("./fake_browser.js").FakeSocket} FakeSocket */
/** @typedef {import("./fake_browser.js").Json} Json */
/** @typedef {{ socket: FakeSocket, channels: Set<string>, deaf: boolean }} Peer */
/** @typedef {{ last: number, stored: Map<number, Json> }} Log */
/** @typedef {{ id: string, parts: Json[], listeners: Set<Peer>, isStopping: boolean, status: string }} Story */
/** What became of a message with a key. @typedef {{ until: number, reply: Json | null }} Claim */

/** Fewer than on AWS, so that answers come in parts. */
const EVENTS_PER_ANSWER = 15;

export class FakeServer {
  #clock;
  #random;
  /** @type {Map<string, Log>} */ #logs = new Map();
  /** @type {Set<Peer>} */ #peers = new Set();
  /** Of the one login session that all pages share. @type {Set<string>} */
  #joined = new Set();
  /** @type {Map<string, Story>} */ stories = new Map();
  /** @type {Map<string, Claim>} */ #claims = new Map();
  /** What the messages with `effect` did, in order. @type {string[]} */
  effects = [];
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
  #received(peer, { $ping, $resume, $id, $once, $stop, $answers, join, story, effect }) {
    if (!this.#peers.has(peer) || peer.deaf || this.#fails(0.03)) return;
    if ($once !== undefined) this.#once(peer, $once, $id, () => this.#run(peer, story, effect));
    else if (story !== undefined) this.#post(peer, { ...this.#run(peer, story, effect), $id });
    else if ($stop !== undefined) this.#stop(peer, $stop, $id);
    else if ($answers) this.#post(peer, { $answers: this.#summaries(), $id });
    else if ($ping !== undefined) this.#post(peer, { $pong: $ping });
    else if ($resume) this.#resume(peer, $resume, $id);
    else if (join) {
      peer.channels.add(join);
      this.#joined.add(join);
      this.#post(peer, { joined: join, known: [0, ...this.published(join)], $id });
    }
  }

  /** @param {Peer} peer @param {string} key @param {unknown} $id @param {() => Json} run */
  #once(peer, key, $id, run) {
    const claim = this.#claims.get(key);
    if (claim?.reply) {
      this.#post(peer, { ...claim.reply, $id }, 0.05);
      const { $answer } = claim.reply;
      if ($answer) for (const frame of this.#missed(peer, $answer, 0)) this.#post(peer, frame, 0.01);
      return;
    }
    if (claim && claim.until > this.#clock.now) {
      return this.#post(peer, { error: { code: "in_progress", message: "…", retry_after_ms: 1_000 }, $id });
    }
    /** @type {Claim} */
    const made = { until: this.#clock.now + 30_000, reply: null };
    this.#claims.set(key, made);
    // The function may die before it does anything.
    if (this.#fails(0.03)) return;
    this.#later(3_000, () => {
      made.reply = run();
      this.#post(peer, { ...made.reply, $id }, 0.05);
    });
  }

  /** @param {Peer} peer @param {number | undefined} parts @param {string} effect @returns {Json} */
  #run(peer, parts, effect) {
    if (parts === undefined) {
      this.effects.push(effect);
      return { done: effect };
    }
    const id = `story-${this.stories.size + 1}`;
    /** @type {Story} */
    const story = { id, parts: [], listeners: new Set([peer]), isStopping: false, status: "running" };
    this.stories.set(id, story);
    this.#later(500, () => this.#write(story, parts));
    return { $answer: id, $channel: `answer:${id}` };
  }

  /** Stores the next part, and only then posts it. @param {Story} story @param {number} count */
  #write(story, count) {
    const isLast = story.isStopping || story.parts.length === count;
    if (isLast) story.status = story.isStopping ? "stopped" : "done";
    const content = isLast ? { $end: story.status } : { message: `${story.parts.length + 1} ` };
    const number = story.parts.length + 1;
    const frame = { $channel: `answer:${story.id}`, $sequence: number, $sent_at: this.#clock.now, ...content };
    story.parts.push(frame);
    for (const peer of story.listeners) this.#post(peer, frame, 0.05);
    if (isLast) return;
    if (this.#random() < 0.05) this.#workOn(story, count, 40_000);
    else this.#later(1_000, () => this.#write(story, count));
  }

  /** Says every 20 s that the process is silent. @param {Story} story @param {number} count @param {number} left */
  #workOn(story, count, left) {
    if (left <= 0 || story.isStopping) return this.#write(story, count);
    this.#clock.setTimeout(() => {
      for (const peer of story.listeners) {
        this.#post(peer, { $channel: `answer:${story.id}`, $working: true }, 0.05);
      }
      this.#workOn(story, count, left - 20_000);
    }, 20_000);
  }

  /** @param {Peer} peer @param {string} id @param {unknown} $id */
  #stop(peer, id, $id) {
    const story = this.stories.get(id);
    if (!story) return this.#post(peer, { error: { code: "unknown_answer", message: "…" }, $id });
    story.isStopping = story.isStopping || story.status === "running";
    this.#post(peer, { $stopping: id, $id }, 0.05);
  }

  #summaries() {
    return [...this.stories.values()].map(({ id, status, parts }) => {
      return { id, endpoint: "story", started_at: 0, status, last: parts.length };
    });
  }

  /** Lets a socket listen, and gives what is stored. @param {Peer} peer @param {string} id @param {number} position */
  #missed(peer, id, position) {
    const story = this.stories.get(id);
    story?.listeners.add(peer);
    return story?.parts.slice(position) ?? [];
  }

  /** @param {Peer} peer @param {Record<string, number>} marks @param {unknown} $id */
  #resume(peer, marks, $id) {
    /** @type {Json[]} */
    const frames = [];
    /** @type {Json} */
    const done = { $resumed: {}, $members: {}, $id };
    for (const [channel, position] of Object.entries(marks)) {
      if (channel.startsWith("answer:")) {
        const id = channel.slice("answer:".length);
        const missed = this.#missed(peer, id, position);
        const sent = missed.slice(0, EVENTS_PER_ANSWER - frames.length);
        frames.push(...sent);
        const last = this.stories.get(id)?.parts.length;
        if (last === undefined) continue;
        done.$resumed[channel] = sent.at(-1)?.$sequence ?? (missed.length ? position : last);
        if (sent.length < missed.length) done.$more = { ...done.$more, [channel]: last };
        continue;
      }
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
