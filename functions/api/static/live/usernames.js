// @ts-check
/** User names in the names of channels, as `encoded_username` of the server writes them. */

/** @param {string} username */
export function encodedUsername(username) {
  return username.replace(/[^A-Za-z0-9\-_.:]/gu, (character) => `/${character.codePointAt(0)?.toString(16)}/`);
}

/** @param {string} text */
export function decodedUsername(text) {
  return text.replace(/\/([0-9a-f]{1,5}|10[0-9a-f]{4})\//g, (_, digits) => String.fromCodePoint(parseInt(digits, 16)));
}
