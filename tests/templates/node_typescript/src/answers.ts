export interface Message {
  text?: string;
}

export function answer({ text }: Message): string {
  if (text === undefined) throw new TypeError("a message needs a text");
  return `${text.length} letters`;
}
