// @ts-check
"use strict";
/**
 * The client side of the Lambda Runtime API.
 *
 * HTTP/1.1 over a single connection: `http` would cost every cold start 10 ms. The connection keeps
 * the process alive only while the runtime waits for an answer, so that Node.js notices when a
 * handler has nothing left to do.
 */

const net = require("node:net");

const PREFIX = "/2018-06-01/runtime";

/** @typedef {{ status: number, headers: Record<string, string>, body: Buffer }} Answer */

class RuntimeApiClient {
  /** @param {string} address `host:port` */
  constructor(address) {
    this._address = address;
    const [host, port] = address.split(":");
    /** @type {((answer: Answer) => void)[]} */
    this._waiting = [];
    /** @type {Buffer} */
    this._received = Buffer.alloc(0);
    this._socket = net.connect({ host, port: Number(port), noDelay: true });
    this._socket.on("data", (data) => this._read(data));
    // The gateway has ended: nothing is left to serve.
    this._socket.on("error", () => process.exit(1));
    this._socket.on("close", () => process.exit(1));
  }

  /** Wait for an event. @returns {Promise<Answer>} */
  next() {
    return this._call("GET", "/invocation/next");
  }

  /** Answer an invocation. @param {string} requestId @param {string} payload JSON */
  respond(requestId, payload) {
    return this._call("POST", `/invocation/${requestId}/response`, payload);
  }

  /** Report a failed invocation. @param {string} requestId @param {ErrorReport} report */
  fail(requestId, report) {
    return this._report(`/invocation/${requestId}/error`, report);
  }

  /** Report a failed init phase. @param {ErrorReport} report */
  failInit(report) {
    return this._report("/init/error", report);
  }

  /** @param {string} path @param {ErrorReport} report */
  _report(path, report) {
    const type = report.errorType.replace(/[^\x20-\x7e]/g, "?");
    const header = `Lambda-Runtime-Function-Error-Type: ${type}\r\n`;
    return this._call("POST", path, JSON.stringify(report), header);
  }

  /**
   * @param {string} method @param {string} path @param {string} [body] @param {string} [headers]
   * @returns {Promise<Answer>}
   */
  _call(method, path, body = "", headers = "") {
    this._socket.ref();
    this._socket.write(
      `${method} ${PREFIX}${path} HTTP/1.1\r\nHost: ${this._address}\r\n` +
        `Content-Type: application/json\r\n${headers}` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    return new Promise((resolve) => this._waiting.push(resolve));
  }

  /** @param {Buffer} data */
  _read(data) {
    this._received = this._received.length ? Buffer.concat([this._received, data]) : data;
    for (let answer = this._takeAnswer(); answer; answer = this._takeAnswer()) {
      const resolve = this._waiting.shift();
      if (this._waiting.length === 0) this._socket.unref();
      resolve?.(answer);
    }
  }

  /** The first answer, if all of it has been received. @returns {Answer | undefined} */
  _takeAnswer() {
    const end = this._received.indexOf("\r\n\r\n");
    if (end < 0) return undefined;
    const [status, ...lines] = this._received.toString("latin1", 0, end).split("\r\n");
    /** @type {Record<string, string>} */
    const headers = {};
    for (const line of lines) {
      const colon = line.indexOf(":");
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const start = end + 4;
    const stop = start + Number(headers["content-length"]);
    if (this._received.length < stop) return undefined;
    const body = this._received.subarray(start, stop);
    this._received = this._received.subarray(stop);
    return { status: Number(status.split(" ")[1]), headers, body };
  }
}

/** @typedef {import("./errors.cjs").ErrorReport} ErrorReport */

module.exports = { RuntimeApiClient };
