/**
 * Parses a JSON object in such a way that JSON.stringify() writes every number as it stands in the
 * text; null for anything else.
 */
export function parseJson(text: string): object | null {
  let value: unknown;
  try {
    value = JSON.parse(replaceNonNumbers(text), keepNumber);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
}

/** Texts of JSON, which stay as they are, and what Python writes for numbers that JSON does not have. */
const NON_NUMBERS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b/g;

/** JSON as Python writes it, with `null` for NaN and Infinity, which JSON does not have. */
export function replaceNonNumbers(text: string): string {
  return text.replaceAll(NON_NUMBERS, (found) => (found.startsWith('"') ? found : 'null'));
}

/** JSON with source text access (ES2026), which TypeScript does not know yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): object };

function keepNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  const isExact = typeof value !== 'number' || String(value) === context?.source;
  return isExact || !context?.source ? value : rawJSON(context.source);
}
