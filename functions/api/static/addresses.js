// @ts-check
/** Which endpoint an address means: its name stands after `#`. No DOM here. */

/** The part of an address that means an endpoint. @param {string} name */
export function addressOf(name) {
  return `#${encodeURIComponent(name)}`;
}

/**
 * The endpoint to open, and the name in the address if there is no such endpoint.
 *
 * @template {{ name: string }} Endpoint
 * @param {string} hash of the address
 * @param {Endpoint[]} endpoints
 * @param {string} byDefault
 * @returns {{ endpoint: Endpoint | undefined, missing: string | null }}
 */
export function endpointIn(hash, endpoints, byDefault) {
  const wanted = decoded(hash.replace(/^#/, ""));
  const matches = (/** @type {string} */ name) => name.toLowerCase() === wanted.toLowerCase();
  const found = endpoints.find(({ name }) => name === wanted) ?? endpoints.find(({ name }) => matches(name));
  if (found) return { endpoint: found, missing: null };
  const endpoint = endpoints.find(({ name }) => name === byDefault) ?? endpoints[0];
  return { endpoint, missing: wanted || null };
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
