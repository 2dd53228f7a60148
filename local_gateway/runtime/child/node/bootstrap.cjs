// @ts-check
"use strict";
/**
 * A Lambda runtime client: loads the handler, then serves invocations for ever.
 *
 * Behaves as Amazon's client for Node.js does towards handlers and towards the Runtime API (Lambda
 * developer guide, nodejs-handler and runtimes-api).
 */

const { RuntimeError, UnhandledPromiseRejection, report } = require("./errors.cjs");
const { contextOf } = require("./lambda_context.cjs");
const { logError, setRequestId } = require("./log.cjs");

/** @typedef {InstanceType<typeof import("./runtime_api_client.cjs").RuntimeApiClient>} RuntimeApiClient */
/** @typedef {import("./handler.cjs").Handler} Handler */

const EXIT_UNHANDLED_REJECTION = 128;
const EXIT_UNCAUGHT_EXCEPTION = 129;

class Bootstrap {
  /** @param {RuntimeApiClient} client */
  constructor(client) {
    this._client = client;
    /** @type {Handler} */
    this._handler = () => undefined;
    /** @type {string | undefined} */
    this._requestId = undefined;
    /** Runs when the event loop is empty. @type {(() => void) | undefined} */
    this._whenIdle = undefined;
    process.on("beforeExit", () => {
      const action = this._whenIdle;
      this._whenIdle = undefined;
      action?.();
    });
    process.on("uncaughtException", (error) => {
      logError("Uncaught Exception", error);
      this._exit(error, EXIT_UNCAUGHT_EXCEPTION);
    });
    process.on("unhandledRejection", (reason) => {
      const error = new UnhandledPromiseRejection(reason);
      logError("Unhandled Promise Rejection", error);
      this._exit(error, EXIT_UNHANDLED_REJECTION);
    });
  }

  /** Load the handler and begin; an error ends the process. @param {() => Promise<Handler>} load */
  async run(load) {
    try {
      this._handler = await load();
      refuseCallbacks(this._handler);
    } catch (error) {
      logError("Uncaught Exception", error);
      await this._exit(error, EXIT_UNCAUGHT_EXCEPTION);
      return;
    }
    this._next();
  }

  _next() {
    this._client.next().then(({ headers, body }) => this._invoke(headers, body.toString("utf8")));
  }

  /** @param {Record<string, string>} headers @param {string} payload */
  _invoke(headers, payload) {
    this._requestId = headers["lambda-runtime-aws-request-id"];
    setRequestId(this._requestId);
    setTraceId(headers["lambda-runtime-trace-id"]);
    const { context, callback } = this._ends(this._requestId, headers);
    const handler = this._handler;
    try {
      const result = /** @type {any} */ (handler(JSON.parse(payload), context, callback));
      if (typeof result?.then === "function") {
        result.then(context.succeed, context.fail).catch(context.fail);
      }
    } catch (error) {
      callback(error);
    }
  }

  /**
   * The ways to end an invocation, of which the first counts.
   * @param {string} requestId @param {Record<string, string>} headers
   */
  _ends(requestId, headers) {
    let isEnded = false;
    let waits = true;
    const once = (/** @type {(...values: any[]) => void} */ end) => (/** @type {any[]} */ ...values) => {
      if (isEnded) return;
      isEnded = true;
      this._whenIdle = undefined;
      end(...values);
    };
    const done = (/** @type {unknown} */ error, /** @type {unknown} */ result) => {
      if (error === undefined || error === null) this._respond(requestId, result);
      else this._fail(requestId, error);
    };
    const callback = once((error, result) => {
      if (waits && (error === undefined || error === null)) {
        this._whenIdle = () => this._send(requestId, serialized(result));
      } else {
        done(error, result);
      }
    });
    // A handler that neither returns a promise nor calls back has a result once nothing is left.
    this._whenIdle = () => {
      isEnded = true;
      this._respond(requestId, null);
    };
    const context = {
      get callbackWaitsForEmptyEventLoop() {
        return waits;
      },
      set callbackWaitsForEmptyEventLoop(value) {
        waits = value;
      },
      succeed: once((result) => done(null, result)),
      fail: once((error) => done(error ?? "handled", null)),
      done: once(done),
      ...contextOf(headers),
    };
    return { context, callback };
  }

  /** @param {string} requestId @param {unknown} result */
  _respond(requestId, result) {
    let payload;
    try {
      payload = serialized(result);
    } catch (error) {
      this._fail(requestId, error);
      return;
    }
    this._send(requestId, payload);
  }

  /** @param {string} requestId @param {string} payload */
  _send(requestId, payload) {
    this._client.respond(requestId, payload);
    this._next();
  }

  /** @param {string} requestId @param {unknown} error */
  _fail(requestId, error) {
    const shown = convertible(error);
    logError("Invoke Error", shown);
    this._client.fail(requestId, report(shown));
    this._next();
  }

  /** Report what ends the process, then end it. @param {unknown} error @param {number} status */
  async _exit(error, status) {
    if (this._requestId === undefined) await this._client.failInit(report(error));
    else await this._client.fail(this._requestId, report(error));
    process.exit(status);
  }
}

/** A result as JSON. @param {unknown} result @returns {string} */
function serialized(result) {
  let payload;
  try {
    payload = JSON.stringify(result === undefined ? null : result);
  } catch {
    throw new Error("Unable to stringify response body");
  }
  if (payload === undefined) throw new TypeError("Wrong arguments"); // a function or a symbol
  return payload;
}

/** What was thrown, or the error of making it text. @param {any} error */
function convertible(error) {
  try {
    new Error(error);
    return error;
  } catch (problem) {
    return problem;
  }
}

/** nodejs24.x and later have no callbacks. @param {Handler} handler */
function refuseCallbacks(handler) {
  const version = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV ?? "")?.[1]);
  if (version >= 24 && handler.length >= 3) {
    throw new RuntimeError(
      "CallbackHandlerDeprecated",
      `AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. ` +
        "You need to modify this function to use a supported handler signature to use Node.js 24 or later.",
    );
  }
}

/** @param {string | undefined} traceId */
function setTraceId(traceId) {
  if (traceId === undefined) delete process.env._X_AMZN_TRACE_ID;
  else process.env._X_AMZN_TRACE_ID = traceId;
}

module.exports = { Bootstrap };
