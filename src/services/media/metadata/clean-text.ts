/** Characters of a text that is one line, such as a title; longer texts keep their lines. */
const MOST_CHARACTERS = 255;

/**
 * C0 and C1 control characters except line feed, bidirectional overrides and isolates, byte order
 * marks.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
const UNWANTED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/**
 * Cleans a text from a file: NFC, without control characters, of at most so many characters;
 * undefined when nothing is left.
 */
export function cleanText(value: unknown, max = MOST_CHARACTERS): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value
    .slice(0, max * 4)
    .replaceAll('\r\n', '\n')
    .toWellFormed()
    .replaceAll(UNWANTED, '');
  const lines = max > MOST_CHARACTERS ? text : text.replaceAll('\n', ' ');
  // Cut by code points, so that no surrogate pair is split.
  return [...lines.normalize('NFC').trim()].slice(0, max).join('') || undefined;
}
