// @ts-check
/** The hooks of `layer_paths.cjs`, for Node.js without `module.registerHooks`. */

import { createRequire } from "node:module";

const { resolveLater } = createRequire(import.meta.url)("./layer_paths.cjs");

export { resolveLater as resolve };
