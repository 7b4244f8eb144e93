/**
 * Parses a JSON object in such a way that JSON.stringify() writes every number as it stands in the
 * text; null for anything else.
 */
export function parseJson(text: string): object | null {
  let value: unknown;
  try {
    // Some writers leave NaN, which JSON does not have.
    value = JSON.parse(
      text.replaceAll(/(?<=[[:,]\s{0,4})-?(NaN|Infinity)(?=\s{0,4}[,\]}])/g, 'null'),
      keepNumber,
    );
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
}

/** JSON with source text access (ES2026), which TypeScript does not know yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): object };

function keepNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  const isExact = typeof value !== 'number' || String(value) === context?.source;
  return isExact || !context?.source ? value : rawJSON(context.source);
}
