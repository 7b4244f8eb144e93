const WIDTH = 100;

/** Prints JSON for people and diffs: what fits is on one line. */
export function printJson(value: unknown, indent = 0): string {
  const text = JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return text;
  if (indent + text.length <= WIDTH) return text;
  const isList = Array.isArray(value);
  const inside = ' '.repeat(indent + 1);
  const lines = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .map(([key, inner]) => {
      const name = isList ? '' : `${JSON.stringify(key)}: `;
      return `${inside}${name}${printJson(inner, indent + 1)}`;
    });
  const [open, close] = isList ? '[]' : '{}';
  return `${open}\n${lines.join(',\n')}\n${' '.repeat(indent)}${close}`;
}
