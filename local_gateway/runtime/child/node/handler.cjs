// @ts-check
"use strict";
/** Finds the handler that a function's `Handler` names, as Lambda does. */

const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { createRequire } = require("node:module");
const { LoadError, RuntimeError } = require("./errors.cjs");

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");

/** @typedef {(event: unknown, context: object, callback: Function) => unknown} Handler */
/** @typedef {{ file: string, isModule: boolean }} Source `isModule`: an ES module */

/**
 * The function behind `folder/file.member.member`.
 * @param {string} root the task root @param {string} name @returns {Promise<Handler>}
 */
async function loadHandler(root, name) {
  const { folder, module, members } = splitName(name);
  provideStreaming();
  const exported = await load(root, folder, module);
  const handler = members.reduce((value, member) => value?.[member], exported);
  if (!handler) throw new RuntimeError("HandlerNotFound", `${name} is undefined or not exported`);
  if (typeof handler !== "function") {
    throw new RuntimeError("HandlerNotFound", `${name} is not a function`);
  }
  if (handler[STREAMING]) {
    throw new RuntimeError(
      "MalformedStreamingHandler",
      `${name} streams its response, which only function URLs and InvokeWithResponseStream ` +
        "can deliver: export it without awslambda.streamifyResponse",
    );
  }
  return handler;
}

/** @param {string} name */
function splitName(name) {
  if (name.includes("..")) {
    const remedy = "Use absolute paths when specifying root directories in handler names.";
    throw new RuntimeError("MalformedHandlerName", `'${name}' is not a valid handler name. ${remedy}`);
  }
  const folder = name.slice(0, name.lastIndexOf("/") + 1);
  const [module, ...members] = name.slice(folder.length).split(".");
  if (members.length === 0) throw new RuntimeError("MalformedHandlerName", "Bad handler");
  return { folder, module, members };
}

/** @param {string} root @param {string} folder @param {string} module @returns {Promise<any>} */
async function load(root, folder, module) {
  const source = findSource(path.resolve(root, folder, module));
  const limit = Error.stackTraceLimit;
  // Node.js needs many frames of its own to load a module: the place in the code is behind them.
  Error.stackTraceLimit = 50;
  try {
    if (source?.isModule) return await import(pathToFileURL(source.file).href);
    // Required from the task root: the handler may also be a package.
    const require = createRequire(path.join(root, "/"));
    return require(source?.file ?? require.resolve(module, { paths: [root, path.join(root, folder)] }));
  } catch (/** @type {any} */ error) {
    if (error instanceof SyntaxError) {
      if (source?.isModule) error.stack = `${placeOfSyntaxError(source.file)}${error.stack}`;
      throw new LoadError("UserCodeSyntaxError", error);
    }
    if (error?.code === "MODULE_NOT_FOUND") throw new LoadError("ImportModuleError", error);
    throw error;
  } finally {
    if (Error.stackTraceLimit === 50) Error.stackTraceLimit = limit;
  }
}

/**
 * The first line of what Node.js prints for the ES module, or one that it imports, that does not
 * parse: the error itself does not say which.
 * @param {string} file
 */
function placeOfSyntaxError(file) {
  const { spawnSync } = require("node:child_process");
  const files = [file];
  for (let at = 0; at < Math.min(files.length, 20); at += 1) {
    const { stderr } = spawnSync(process.execPath, ["--check", files[at]], { encoding: "utf8" });
    if (stderr.includes("SyntaxError")) return `${stderr.split("\n")[0]}\n`;
    const text = fs.readFileSync(files[at], "utf8");
    for (const [, name] of text.matchAll(/\b(?:from|import)\s*["'](\.[^"']+)["']/g)) {
      const imported = path.resolve(path.dirname(files[at]), name);
      if (fs.existsSync(imported) && !files.includes(imported)) files.push(imported);
    }
  }
  return "";
}

/** The file of a module, by the order in which Lambda looks. @param {string} stem @returns {Source | undefined} */
function findSource(stem) {
  if (fs.statSync(stem, { throwIfNoEntry: false })?.isFile()) return { file: stem, isModule: false };
  const isModule = isInModulePackage(path.dirname(stem));
  const candidates = [
    { file: `${stem}.js`, isModule },
    { file: `${stem}.mjs`, isModule: true },
    { file: `${stem}.cjs`, isModule: false },
  ];
  const runtime = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV ?? "")?.[1]);
  if (runtime >= 24 && /** @type {any} */ (process.features).typescript) {
    candidates.push({ file: `${stem}.ts`, isModule }, { file: `${stem}.mts`, isModule: true });
  }
  return candidates.find(({ file }) => fs.existsSync(file));
}

/** Whether the nearest `package.json` has `"type": "module"`. @param {string} folder @returns {boolean} */
function isInModulePackage(folder) {
  const file = path.join(folder, "package.json");
  if (fs.existsSync(file)) {
    try {
      return JSON.parse(fs.readFileSync(file, "utf8"))?.type === "module";
    } catch (error) {
      console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
  const parent = path.dirname(folder);
  return parent !== folder && path.basename(folder) !== "node_modules" && isInModulePackage(parent);
}

/** Whether the handler is in an ES module. @param {string} root @param {string} name */
function isModuleHandler(root, name) {
  const slash = name.lastIndexOf("/") + 1;
  return findSource(path.resolve(root, name.slice(0, slash), name.slice(slash).split(".")[0]))?.isModule ?? false;
}

/** Functions call this while they are loaded; what they stream cannot be delivered. */
function provideStreaming() {
  /** @type {any} */ (globalThis).awslambda = {
    streamifyResponse: (/** @type {any} */ handler) => Object.assign(handler, { [STREAMING]: "response" }),
    HttpResponseStream: { from: (/** @type {unknown} */ stream) => stream },
  };
}

module.exports = { isModuleHandler, loadHandler };
