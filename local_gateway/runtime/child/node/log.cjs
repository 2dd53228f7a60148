// @ts-check
"use strict";
/** Makes `console` write log lines in Lambda's format: time, request id, level, message. */

const util = require("node:util");
const { formatted, isError } = require("./errors.cjs");

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const METHODS = {
  trace: "TRACE",
  debug: "DEBUG",
  info: "INFO",
  log: "INFO",
  warn: "WARN",
  error: "ERROR",
  fatal: "FATAL",
};

/** @type {string | undefined} */
let requestId;

const isJson = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === "JSON";

/** Name the invocation that later lines belong to. @param {string} id */
function setRequestId(id) {
  requestId = id;
}

/** Replace the methods of `console`; those below `AWS_LAMBDA_LOG_LEVEL` do nothing. */
function patchConsole() {
  const lowest = LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase() ?? "TRACE");
  for (const [method, level] of Object.entries(METHODS)) {
    const isShown = LEVELS.indexOf(level) >= lowest;
    /** @type {any} */ (console)[method] = isShown
      ? (/** @type {unknown[]} */ ...values) => write(level, values)
      : () => undefined;
  }
}

/** Write an error of the runtime or the handler. @param {string} headline @param {unknown} error */
function logError(headline, error) {
  if (isJson) console.error(isError(error) ? error : new Error(String(error)));
  else console.error(headline, `\t${formatted(error)}`);
}

/** @param {string} level @param {unknown[]} values */
function write(level, values) {
  const time = new Date().toISOString();
  const line = isJson
    ? jsonLine(time, level, values)
    : `${time}\t${requestId}\t${level}\t${util.format(...values)}`;
  // A carriage return keeps the lines of a message in one event of CloudWatch.
  process.stdout.write(`${line.replace(/\n/g, "\r")}\n`);
}

/** @param {string} timestamp @param {string} level @param {unknown[]} values */
function jsonLine(timestamp, level, values) {
  const line = { timestamp, level, requestId };
  if (values.length === 1) {
    try {
      return JSON.stringify({ ...line, message: values[0] }, withErrors);
    } catch {
      return JSON.stringify({ ...line, message: util.format(values[0]) });
    }
  }
  const error = values.find((value) => value instanceof Error);
  return JSON.stringify({ ...line, message: util.format(...values), ...members(error) });
}

/** @param {string} _key @param {unknown} value */
function withErrors(_key, value) {
  return value instanceof Error ? { ...members(value), ...value } : value;
}

/** @param {any} error */
function members(error) {
  if (error === undefined) return {};
  return {
    errorType: error.constructor?.name ?? "UnknownError",
    errorMessage: error.message,
    stackTrace: typeof error.stack === "string" ? error.stack.split("\n") : [],
  };
}

module.exports = { logError, patchConsole, setRequestId };
