// @ts-check
"use strict";
/** Lambda's own errors, and how any error is reported: as Amazon's client for Node.js does it. */

/** @typedef {{ errorType: string, errorMessage: string, trace: string[] }} ErrorReport */

const { types } = require("node:util");

class RuntimeError extends Error {
  /** @param {string} type without `Runtime.` @param {unknown} cause its text becomes the message */
  constructor(type, cause) {
    super(String(cause));
    this.name = `Runtime.${type}`;
  }
}

/** A module that cannot be loaded; the stack says where. */
class LoadError extends RuntimeError {
  /** @param {string} type @param {Error} cause */
  constructor(type, cause) {
    super(type, cause);
    this.stack = `${this.name}: ${cause.stack}`;
  }
}

class UnhandledPromiseRejection extends RuntimeError {
  /** @param {unknown} reason */
  constructor(reason) {
    super("UnhandledPromiseRejection", reason);
    this.reason = reason;
  }
}

/** @param {unknown} value @returns {value is Error} */
function isError(value) {
  return types.isNativeError(value) || value instanceof Error;
}

/** What the Runtime API is told; handlers may throw anything. @param {any} error @returns {ErrorReport} */
function report(error) {
  try {
    if (isError(error)) {
      const trace = typeof error.stack === "string" ? error.stack.split("\n") : [];
      return { errorType: String(error.name), errorMessage: String(error.message), trace };
    }
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    const errorMessage =
      "callback called with Error argument, but there was a problem while retrieving one or " +
      "more of its message, name, and stack";
    return { errorType: "handled", errorMessage, trace: [] };
  }
}

/** An error with the members that JSON leaves out. @param {string} _key @param {any} value */
function expandErrors(_key, value) {
  if (!(value instanceof Error)) return value;
  const { name: errorType, message: errorMessage, stack } = value;
  const code = /** @type {any} */ (value).code;
  /** @type {Record<string, unknown>} */
  const members = { errorType, errorMessage, code, ...value };
  if (typeof stack === "string") members.stack = stack.split("\n");
  return members;
}

/** An error as JSON, for a line of the log. @param {unknown} error */
function formatted(error) {
  try {
    return JSON.stringify(isError(error) ? error : new Error(String(error)), expandErrors);
  } catch {
    return JSON.stringify(report(error));
  }
}

module.exports = {
  LoadError,
  RuntimeError,
  UnhandledPromiseRejection,
  formatted,
  isError,
  report,
};
