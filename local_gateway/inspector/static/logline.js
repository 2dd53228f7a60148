// @ts-check
/** Structured logs as a person reads them: level, message, and what else is particular. */

/** What is in every line of Powertools' or Lambda's own JSON logs, and says little in a list. */
const USUAL = new Set([
  "level", "message", "timestamp", "service", "location", "cold_start", "xray_trace_id", "requestId",
  "function_name", "function_arn", "function_memory_size", "function_request_id", "correlation_id",
  "connection_id", "request_id",
  "exception", "exception_name", "stack_trace", "logger",
]);

/** @typedef {{ level: string, message: string, rest: string }} LogMessage */

/** Lambda's text format for Node.js: time, request id, level, message. */
const NODE_LINE = /^\d{4}-\d\d-\d\dT[\d:.]+Z\t[\w-]+\t(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\t(.*)$/;

/** A line that is not structured is all message. @param {string} text @returns {LogMessage} */
export function logMessage(text) {
  const [, level, message] = NODE_LINE.exec(text) ?? [];
  if (level !== undefined) return { level, message, rest: "" };
  const line = parsed(text);
  if (line?._aws) return { level: "METRICS", message: metrics(line), rest: "" };
  if (!line || line.level === undefined || line.message === undefined) {
    return { level: "", message: text, rest: "" };
  }
  const extra = Object.entries(line).filter(([name]) => !USUAL.has(name));
  const rest = extra.map(([name, value]) => `${name}=${words(value)}`).join(" ");
  return { level: String(line.level), message: words(line.message), rest };
}

/** Embedded metrics: names and values. @param {Record<string, any>} line */
function metrics(line) {
  const groups = line._aws.CloudWatchMetrics ?? [];
  const names = groups.flatMap((/** @type {any} */ group) => group.Metrics ?? []);
  return names.map(({ Name }) => `${Name}=${words(line[Name])}`).join(" ");
}

/** @param {unknown} value */
function words(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** @param {string} text @returns {Record<string, any> | undefined} */
function parsed(text) {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
