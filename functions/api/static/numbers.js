// @ts-check
/** Numbers as the browser's language writes them. No DOM here. */

/**
 * @param {number} value
 * @param {object} [options]
 * @param {number} [options.decimals] exactly so many; as many as the number has by default
 * @param {string | string[]} [options.locales] the browser's by default
 */
export function localNumber(value, { decimals, locales } = {}) {
  const fraction =
    decimals === undefined
      ? { maximumFractionDigits: 20 }
      : { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return new Intl.NumberFormat(locales, fraction).format(value);
}
