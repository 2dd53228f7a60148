// @ts-check
"use strict";
/**
 * Connects clients of AWS's host names to the gateway and its AWS services, by plain HTTP.
 *
 * Every HTTPS client of Node.js (SDK v2 and v3, `https`, `fetch`, axios, ws) secures its connection
 * with `tls.connect`. For the given names that returns a connection without TLS to an address on
 * this machine, so no certificate or hosts file is needed. The client sends what it would send to
 * AWS, with the same `Host` header and signature.
 */

const net = require("node:net");
const tls = require("node:tls");
const { syncBuiltinESMExports } = require("node:module");

/** @typedef {{ host: string, port: number }} Target */
/** @typedef {(name: unknown) => Target | undefined} Find */

const HTTP_PORT = 80;
const HTTPS_PORT = 443;
// Options of `tls.connect` that a connection without TLS has, too.
const KEPT = ["allowHalfOpen", "highWaterMark", "keepAlive", "keepAliveInitialDelay", "noDelay", "signal", "timeout"];

/** @param {string} encoded the value of `LOCAL_GATEWAY_API_HOSTS` */
function usePlainHttp(encoded) {
  const find = finder(encoded);
  patchTls(find);
  patchSockets(find);
  syncBuiltinESMExports();
}

/**
 * `name=address:port` is a host, `.name=address:port` all hosts below it except those of APIs: an
 * API that is not the template's is on AWS.
 * @param {string} encoded @returns {Find}
 */
function finder(encoded) {
  /** @type {Map<string, Target>} */
  const hosts = new Map();
  for (const entry of encoded.split(" ")) {
    const [name, address] = entry.split("=");
    const colon = address.lastIndexOf(":");
    hosts.set(name, { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) });
  }
  const domains = [...hosts.keys()].filter((name) => name.startsWith("."));
  return (given) => {
    if (typeof given !== "string") return undefined;
    const name = given.toLowerCase().replace(/\.$/, "");
    const exact = hosts.get(name);
    if (exact || name.split(".").includes("execute-api")) return exact;
    const domain = domains.find((item) => name.endsWith(item));
    return domain === undefined ? undefined : hosts.get(domain);
  };
}

/** @param {Find} find */
function patchTls(find) {
  const connect = /** @type {Function} */ (tls.connect);
  /** @type {any} */ (tls).connect = function connectPlain(/** @type {any[]} */ ...given) {
    const { options, callback } = connectArguments(given);
    const target = options.socket ? undefined : find(options.host ?? options.servername);
    if (!target || Number(options.port) !== HTTPS_PORT) return connect.apply(this, given);
    return plainSocket(target, options, callback);
  };
}

/** `(options[, callback])` and `(port[, host][, options][, callback])`. @param {any[]} given */
function connectArguments(given) {
  const callback = given.find((value) => typeof value === "function");
  const [first, second] = given;
  const options = Object.assign({}, ...given.filter((value) => value !== null && typeof value === "object"));
  if (typeof first !== "object") options.port = first;
  if (typeof second === "string") options.host = second;
  return { options, callback };
}

/** A connection that looks like one with TLS. @param {Target} target @param {any} options @param {any} callback */
function plainSocket(target, options, callback) {
  const kept = Object.fromEntries(KEPT.filter((name) => name in options).map((name) => [name, options[name]]));
  const socket = net.connect({ ...kept, ...target });
  const name = options.servername || options.host;
  Object.assign(socket, {
    alpnProtocol: false,
    authorizationError: null,
    authorized: true,
    encrypted: true,
    getCipher: () => ({}),
    getPeerCertificate: () => ({ subject: { CN: name }, subjectaltname: `DNS:${name}` }),
    getProtocol: () => null,
    getSession: () => undefined,
    isSessionReused: () => false,
    servername: name,
  });
  if (callback) socket.once("secureConnect", callback);
  socket.once("connect", () => socket.emit("secureConnect"));
  return socket;
}

/** Requests that have no TLS from the start. @param {Find} find */
function patchSockets(find) {
  const connect = /** @type {Function} */ (net.Socket.prototype.connect);
  net.Socket.prototype.connect = function connectHere(/** @type {any[]} */ ...given) {
    // Inside Node.js the arguments come as one list that begins with the options.
    const list = Array.isArray(given[0]) ? given[0] : given;
    const options = list[0];
    if (options !== null && typeof options === "object" && Number(options.port) === HTTP_PORT) {
      const target = find(options.host);
      if (target) list[0] = { ...options, ...target };
    }
    return connect.apply(this, given);
  };
}

module.exports = { usePlainHttp };
