// @ts-check
"use strict";
/**
 * Leads what code looks for in the places that Lambda has, to where it is on this machine.
 *
 * `/opt/…` is a layer's content and `/var/task/…` the function's code, in `require`, `import` and the
 * reading functions of `fs`. Packages in `NODE_PATH`, that is in layers, are also there for `import`,
 * which ignores that variable.
 */

const fs = require("node:fs");
const Module = /** @type {any} */ (require("node:module"));
const path = require("node:path");
const { fileURLToPath, pathToFileURL } = require("node:url");

const READING = ["access", "createReadStream", "exists", "lstat", "open", "opendir", "readFile", "readdir", "readlink", "realpath", "stat"];

/** Directories by the path that they have on Lambda. @type {[string, string][]} */
const mounts = JSON.parse(process.env.LOCAL_GATEWAY_MOUNTS ?? "[]");
const packages = (process.env.NODE_PATH ?? "").split(path.delimiter).filter((item) => path.basename(item) === "node_modules");
const { existsSync } = fs;

/** @param {boolean} isModule whether the handler is in an ES module */
function useLayers(isModule) {
  patchRequire();
  if (mounts.some(([place]) => place.startsWith("/opt"))) patchFiles();
  if (Module.registerHooks) Module.registerHooks({ resolve: resolveNow });
  // The hooks of an older Node.js need a thread of their own, which costs 20 ms.
  else if (isModule) Module.register?.(pathToFileURL(path.join(__dirname, "resolve_hooks.mjs")));
}

/** The paths here that a path on Lambda may stand for, the first layer last. @param {string} name */
function* local(name) {
  for (const [place, directory] of mounts) {
    if (name === place || name.startsWith(`${place}/`)) yield directory + name.slice(place.length);
  }
}

/** The path of a file that exists; others do not change. @param {any} name */
function localFile(name) {
  const text = name instanceof URL && name.protocol === "file:" ? fileURLToPath(name) : name;
  if (typeof text !== "string") return name;
  for (const candidate of local(text)) if (existsSync(candidate)) return candidate;
  return name;
}

function patchRequire() {
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function resolveFilename(/** @type {any} */ request, /** @type {any[]} */ ...rest) {
    for (const candidate of typeof request === "string" ? local(request) : []) {
      try {
        return resolve.call(this, candidate, ...rest);
      } catch (/** @type {any} */ error) {
        if (error.code !== "MODULE_NOT_FOUND") throw error;
      }
    }
    return resolve.call(this, request, ...rest);
  };
}

function patchFiles() {
  for (const name of READING) {
    patch(fs, name);
    patch(fs, `${name}Sync`);
    patch(fs.promises, name);
  }
  Module.syncBuiltinESMExports();
}

/** @param {any} owner @param {string} name */
function patch(owner, name) {
  const original = owner[name];
  if (!original) return;
  owner[name] = function readHere(/** @type {any} */ file, /** @type {any[]} */ ...rest) {
    return original.call(this, localFile(file), ...rest);
  };
  Object.defineProperties(owner[name], Object.getOwnPropertyDescriptors(original));
}

/** What `import` tries, one after the other. @param {string} specifier @param {any} context */
function* attempts(specifier, context) {
  const isPath = specifier.startsWith("/") || specifier.startsWith("file:");
  const name = specifier.startsWith("file:") ? fileURLToPath(specifier) : specifier;
  if (isPath) yield* [...local(name)].filter((file) => existsSync(file)).map((file) => [pathToFileURL(file).href, context]);
  yield [specifier, context];
  if (isPath || /^(\.|#|[a-z]+:)/.test(specifier)) return;
  for (const directory of packages) {
    const parentURL = pathToFileURL(path.join(path.dirname(directory), "_.mjs")).href;
    yield [specifier, { ...context, parentURL }];
  }
}

/** @param {string} specifier @param {any} context @param {Function} next */
function resolveNow(specifier, context, next) {
  let problem;
  for (const [name, place] of attempts(specifier, context)) {
    try {
      return next(name, place);
    } catch (/** @type {any} */ error) {
      if (!isNotFound(error)) throw error;
      problem ??= error;
    }
  }
  throw problem;
}

/** The same in the thread of an older Node.js. @param {string} specifier @param {any} context @param {Function} next */
async function resolveLater(specifier, context, next) {
  let problem;
  for (const [name, place] of attempts(specifier, context)) {
    try {
      return await next(name, place);
    } catch (/** @type {any} */ error) {
      if (!isNotFound(error)) throw error;
      problem ??= error;
    }
  }
  throw problem;
}

/** @param {any} error */
function isNotFound(error) {
  return error?.code === "ERR_MODULE_NOT_FOUND" || error?.code === "MODULE_NOT_FOUND";
}

module.exports = { resolveLater, useLayers };
