/** The most levels that are parsed, each of which is a call within another; generators write about ten. */
const DEEPEST = 100;

/**
 * Parses a JSON object in such a way that JSON.stringify() writes every number as it stands in the
 * text; null for anything else, and for one that is nested too deep.
 */
export function parseJson(text: string): object | null {
  const json = replaceNonNumbers(text);
  let value: unknown;
  try {
    // Alone, JSON.parse() takes any depth; with a function it does not.
    value = JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return isDeeper(value, DEEPEST) ? null : JSON.parse(json, keepNumber);
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
}

/** Where texts of JSON begin and end, what is escaped in them, and what Python writes for numbers that JSON does not have. */
const TOKENS = /"|\\.|-?\b(?:NaN|Infinity)\b/gs;

/**
 * JSON as Python writes it, with `null` for NaN and Infinity, which JSON does not have. It passes over the text once: a
 * pattern for whole texts would look for the end of one that has none from each of its quotes.
 */
export function replaceNonNumbers(text: string): string {
  let isInText = false;
  return text.replaceAll(TOKENS, (found) => {
    if (found === '"') isInText = !isInText;
    return isInText || found === '"' || found.startsWith('\\') ? found : 'null';
  });
}

/** JSON with source text access (ES2026), which TypeScript does not know yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): object };

function keepNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  const isExact = typeof value !== 'number' || String(value) === context?.source;
  return isExact || !context?.source ? value : rawJSON(context.source);
}
