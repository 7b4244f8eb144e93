import type { Schema, SchemaType } from 'mongoose';

/**
 * Whether a text has at most so many characters, counted in code points, as JSON Schema and MongoDB
 * do. `length`, joi and Mongoose count UTF-16 code units, of which an emoji has two.
 */
export function hasAtMost(text: string, max: number): boolean {
  if (text.length <= max) return true;
  return text.length <= 2 * max && [...text].length <= max;
}

/** Controls, spaces, and what is not shown at all; halves of surrogate pairs, too. */
const UNSEEN = /[\p{C}\p{Z}\p{DI}]/u;

/** Whether a text has a character that cannot be seen, or changes how its surroundings are seen. */
export function hasUnseen(text: string): boolean {
  return UNSEEN.test(text);
}

/** The text without such characters. */
export function removeUnseen(text: string): string {
  return text.split(UNSEEN).join('');
}

/** Makes the `maxlength` of a schema's texts, at any depth, count characters. */
export function countCharacters(schema: Schema): void {
  schema.eachPath((_, type) => {
    for (const limit of [...listLimits(type), ...listLimits(type.getEmbeddedSchemaType())]) {
      const max = limit.maxlength as number;
      limit.validator = (text: string | null) => text === null || hasAtMost(text, max);
    }
  });
  for (const { schema: inner } of schema.childSchemas) countCharacters(inner);
}

/**
 * Lists the validators that Mongoose made of `maxlength`, of a text or of the items of an array.
 */
function listLimits(type: SchemaType | undefined) {
  return (type?.validators ?? []).filter((v) => v.type === 'maxlength') as {
    maxlength?: number;
    validator?: unknown;
  }[];
}
