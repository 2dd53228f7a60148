// @ts-check
/**
 * JSON with indentation, as it was sent: numbers, escapes and repeated keys are not touched,
 * which parsing and printing would do.
 */

import { element } from "./dom.js";

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
const MOST_COLOURED = 64 * 1024;

/** Whether the text is a JSON object or array. @param {string} text */
export function isJson(text) {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * The indented lines of a JSON text, in pieces with a class each.
 *
 * @param {string} text
 * @returns {Generator<[kind: string, piece: string]>}
 */
function* pieces(text) {
  const tokens = text.match(TOKENS) ?? [];
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  for (const [at, token] of tokens.entries()) {
    const next = tokens[at + 1];
    if (token === "{" || token === "[") {
      const empty = next === "}" || next === "]";
      depth += 1;
      yield ["sign", empty ? token : token + line()];
    } else if (token === "}" || token === "]") {
      depth -= 1;
      const empty = tokens[at - 1] === "{" || tokens[at - 1] === "[";
      yield ["sign", empty ? token : line() + token];
    } else if (token === ",") yield ["sign", token + line()];
    else if (token === ":") yield ["sign", ": "];
    else if (token.startsWith('"')) yield [next === ":" ? "key" : "text", token];
    else yield ["value", token];
  }
}

/** The text for reading: indented and coloured if it is JSON. @param {string} text */
export function pretty(text) {
  if (!isJson(text)) return element("pre", {}, text);
  if (text.length > MOST_COLOURED) {
    return element("pre", {}, [...pieces(text)].map(([, piece]) => piece).join(""));
  }
  const spans = [...pieces(text)].map(([kind, piece]) =>
    kind === "sign" ? piece : element("span", { class: `json-${kind}` }, piece),
  );
  return element("pre", {}, ...spans);
}
