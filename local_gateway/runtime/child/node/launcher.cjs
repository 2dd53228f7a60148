// @ts-check
"use strict";
/**
 * Entry point of a Node.js execution environment: `launcher.cjs LIFELINE HANDLER`.
 *
 * LIFELINE is the descriptor of a pipe whose other end only the gateway holds. When it closes,
 * because the gateway closed it or was killed, the whole process group is killed: by the kernel on
 * Linux, and here on other systems.
 */

const net = require("node:net");
const [, , lifeline, handlerName] = process.argv;

guard(Number(lifeline));
process.argv = [process.argv[0], handlerName];

const { patchConsole } = require("./log.cjs");
const { Bootstrap } = require("./bootstrap.cjs");
const { RuntimeApiClient } = require("./runtime_api_client.cjs");

patchConsole();
const bootstrap = new Bootstrap(new RuntimeApiClient(process.env.AWS_LAMBDA_RUNTIME_API ?? ""));
bootstrap.run(() => {
  const { isModuleHandler, loadHandler } = require("./handler.cjs");
  const root = process.env.LAMBDA_TASK_ROOT ?? process.cwd();
  const redirected = process.env.LOCAL_GATEWAY_API_HOSTS;
  if (redirected) require("./plain_http.cjs").usePlainHttp(redirected);
  require("./layer_paths.cjs").useLayers(isModuleHandler(root, handlerName));
  return loadHandler(root, handlerName);
});

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
