// @ts-check
"use strict";
/**
 * Entry point of a Node.js execution environment: `launcher.cjs LIFELINE CLIENT HANDLER`.
 *
 * CLIENT is `bootstrap` (this directory's own) or the file of Amazon's `aws-lambda-ric`.
 * LIFELINE is the descriptor of a pipe whose other end only the gateway holds. When it closes,
 * because the gateway closed it or was killed, the whole process group is killed: by the kernel on
 * Linux, and here on other systems.
 */

const net = require("node:net");
const { pathToFileURL } = require("node:url");
const [, , lifeline, client, handlerName] = process.argv;
const root = process.env.LAMBDA_TASK_ROOT ?? process.cwd();

guard(Number(lifeline));
process.argv = [process.argv[0], handlerName];

if (client === "bootstrap") {
  const { patchConsole } = require("./log.cjs");
  const { Bootstrap } = require("./bootstrap.cjs");
  const { RuntimeApiClient } = require("./runtime_api_client.cjs");
  patchConsole();
  const address = process.env.AWS_LAMBDA_RUNTIME_API ?? "";
  new Bootstrap(new RuntimeApiClient(address)).run(() => {
    prepare();
    return require("./handler.cjs").loadHandler(root, handlerName);
  });
} else {
  prepare();
  import(pathToFileURL(client).href)
    .then(({ run }) => run(root, handlerName))
    // It reports uncaught exceptions as what they are, and rejected promises as such.
    .catch((error) => setImmediate(() => { throw error; }));
}

/** Lead what the handler looks for to where it is on this machine. */
function prepare() {
  const redirected = process.env.LOCAL_GATEWAY_API_HOSTS;
  if (redirected) require("./plain_http.cjs").usePlainHttp(redirected);
  const { isModuleHandler } = require("./handler.cjs");
  require("./layer_paths.cjs").useLayers(isModuleHandler(root, handlerName));
}

/** @param {number} descriptor */
function guard(descriptor) {
  const pipe = new net.Socket({ fd: descriptor, readable: true, writable: false });
  const end = () => {
    try {
      process.kill(process.platform === "win32" ? process.pid : 0, "SIGKILL");
    } finally {
      process.exit(1);
    }
  };
  pipe.on("end", end).on("error", end).resume();
  pipe.unref();
}
