// @ts-check
/** The HTTP side of Sapa: who is logged in, logging in and out, and which endpoints there are. */

/**
 * @typedef {{ username: string, expires_at: unknown, too_many_connections?: boolean }} Session
 *   `too_many_connections`: a further connection would be refused
 */
/** @typedef {{ code: string, message: string }} Refusal */

/** The server did not answer, or answered with something that is not part of the contract. */
export class UnavailableError extends Error {
  /** @param {number} [status] of the answer, if there was one */
  constructor(status) {
    super(problemOf(status));
    this.name = "UnavailableError";
  }
}

/** Only when there is no answer at all may it be the network. @param {number} [status] */
function problemOf(status) {
  if (status === undefined) {
    return "No answer came. The server may not be running, or your network may be down.";
  }
  if (status >= 500) return `The server answered with an error (${status}). The log has the cause.`;
  if (status === 429) return "Too many requests. Wait a minute, then try again.";
  if (status >= 400) return `The server refused the request (${status}).`;
  return "The answer did not come from Sapa. Something between this page and the server replaced it.";
}

/** Sapa refused the login; `code` is the API's error code, the message is for people. */
export class LoginRefusedError extends Error {
  /** @param {Refusal} refusal */
  constructor({ code, message }) {
    super(message);
    this.name = "LoginRefusedError";
    this.code = code;
  }
}

/**
 * The login session the cookie proves, or null when there is none.
 *
 * @returns {Promise<Session | null>}
 * @throws {UnavailableError}
 */
export async function currentSession() {
  const response = await request("/auth/session");
  if (response.status === 401 || response.status === 403) return null;
  return jsonOf(response);
}

/**
 * Logs in; the browser keeps the cookie, this code never sees it.
 *
 * @param {{ username: string, password: string, new_password?: string }} credentials
 * @returns {Promise<Session>}
 * @throws {LoginRefusedError} with code `new_password_required` when the first password must change
 * @throws {UnavailableError}
 */
export async function login(credentials) {
  const response = await request("/auth/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(credentials),
  });
  if (response.ok) return jsonOf(response);
  if (response.status >= 500) throw new UnavailableError(response.status);
  throw new LoginRefusedError(await refusalOf(response));
}

/**
 * Ends the login session everywhere; the server closes its sockets.
 *
 * @throws {UnavailableError} when it could not be ended
 */
export async function logout() {
  const response = await request("/auth/logout", { method: "POST" });
  if (!response.ok && response.status !== 401) throw new UnavailableError(response.status);
}

/**
 * The AsyncAPI document that describes every endpoint.
 *
 * @returns {Promise<unknown>}
 * @throws {UnavailableError}
 */
export async function asyncApiDocument() {
  return jsonOf(await request("/asyncapi.json"));
}

/** @param {string} path @param {RequestInit} [options] */
async function request(path, options) {
  try {
    return await fetch(path, { credentials: "same-origin", cache: "no-cache", ...options });
  } catch {
    throw new UnavailableError();
  }
}

/** @param {Response} response */
async function jsonOf(response) {
  if (!response.ok) throw new UnavailableError(response.status);
  try {
    return await response.json();
  } catch {
    throw new UnavailableError(response.status);
  }
}

/**
 * @param {Response} response
 * @returns {Promise<Refusal>}
 */
async function refusalOf(response) {
  const body = await response.json().catch(() => null);
  const code = body?.error?.code ?? String(response.status);
  if (response.status === 401) return { code, message: "User name or password is wrong." };
  if (response.status === 429) {
    return { code, message: "Too many attempts. Wait a minute, then try again." };
  }
  return { code, message: body?.error?.message ?? "The login was refused." };
}
