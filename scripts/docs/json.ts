const WIDTH = 100;

/** JSON for people and for diffs: what fits stands on one line. */
export function printed(value: unknown, indent = 0): string {
  const text = JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return text;
  if (indent + text.length <= WIDTH) return text;
  const isList = Array.isArray(value);
  const inside = ' '.repeat(indent + 1);
  const lines = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .map(([key, inner]) => {
      const name = isList ? '' : `${JSON.stringify(key)}: `;
      return `${inside}${name}${printed(inner, indent + 1)}`;
    });
  const [open, close] = isList ? '[]' : '{}';
  return `${open}\n${lines.join(',\n')}\n${' '.repeat(indent)}${close}`;
}
