// @ts-check
/** Where in a conversation the events of a channel stand: by their numbers, however they arrive. */

/** Notes which event an element shows. @param {HTMLElement} shown @param {string} channel @param {number} sequence */
export function mark(shown, channel, sequence) {
  shown.dataset.channel = channel;
  shown.dataset.sequence = String(sequence);
}

/** What shows an event already. @param {HTMLElement} log @param {string} channel @param {number} sequence */
export function placed(log, channel, sequence) {
  return fromTheEnd(log).find(
    ({ dataset }) => dataset.channel === channel && Number(dataset.sequence) === sequence,
  );
}

/** The first element that shows a later event of the channel. @param {HTMLElement} log @param {string} channel @param {number} sequence */
export function firstAfter(log, channel, sequence) {
  let later;
  for (const shown of fromTheEnd(log)) {
    if (shown.dataset.channel !== channel) continue;
    if (Number(shown.dataset.sequence) < sequence) break;
    later = shown;
  }
  return later;
}

/** Moves what had no number yet below all events before it. @param {HTMLElement} log @param {HTMLElement} shown marked by now */
export function settle(log, shown) {
  const { channel, sequence } = shown.dataset;
  for (const bubble of fromTheEnd(log)) {
    if (bubble === shown) return;
    if (bubble.dataset.channel === channel && Number(bubble.dataset.sequence) < Number(sequence)) {
      return bubble.after(shown);
    }
  }
}

/** Makes bubbles of one speaker in a row look like it. @param {HTMLElement} shown newly placed */
export function chain(shown) {
  for (const bubble of [shown, shown.nextElementSibling]) {
    const before = bubble?.previousElementSibling;
    if (!(bubble instanceof HTMLElement && bubble.dataset.speaker)) continue;
    const same = before instanceof HTMLElement && before.dataset.speaker === bubble.dataset.speaker;
    bubble.classList.toggle("continued", same);
  }
}

/** @param {HTMLElement} log */
function fromTheEnd(log) {
  return /** @type {HTMLElement[]} */ ([...log.children]).reverse();
}
