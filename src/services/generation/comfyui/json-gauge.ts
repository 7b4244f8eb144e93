/** How much a JSON text may hold. */
export interface JsonLimits {
  bytes: number;
  /** Its objects, arrays, and what these have, in all. */
  values: number;
}

/** How deeply values may be nested: whatever walks through them by recursion must come to an end. */
const MOST_DEPTH = 100;

/**
 * Measures a JSON text part by part, before it is parsed: `[],[],[],…` takes twenty times its size in memory, and
 * nothing else happens in a process while it is parsed.
 * @returns what takes the next part. It throws once there is too much
 */
export function startGauge({ bytes: mostBytes, values: mostValues }: JsonLimits) {
  let [bytes, values, depth] = [0, 0, 0];
  let isInText = false;
  let isEscaped = false;
  return (part: Uint8Array): void => {
    bytes += part.length;
    if (bytes > mostBytes) throw new Error(`The answer exceeds ${mostBytes} bytes.`);
    for (const byte of part) {
      if (isEscaped) isEscaped = false;
      else if (isInText) {
        if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isInText = false;
      } else if (byte === QUOTE) isInText = true;
      else if (byte === COMMA) values++;
      else if (byte === BRACKET || byte === BRACE) {
        values++;
        depth++;
        if (depth > MOST_DEPTH) throw new Error(`The answer is nested deeper than ${MOST_DEPTH}.`);
      } else if (byte === END_BRACKET || byte === END_BRACE) depth--;
    }
    if (values > mostValues) throw new Error(`The answer has more than ${mostValues} values.`);
  };
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [BRACKET, END_BRACKET, BRACE, END_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];
