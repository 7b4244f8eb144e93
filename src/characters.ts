/**
 * Whether a text has at most so many characters, counted as JSON Schema and MongoDB do: by code points. Of
 * the units of UTF-16, which `length`, joi and Mongoose count, an emoji has two.
 */
export function hasAtMost(text: string, max: number): boolean {
  if (text.length <= max) return true;
  return text.length <= 2 * max && [...text].length <= max;
}
