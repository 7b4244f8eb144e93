import Joi from 'joi';

/** Without NUL, which ends texts for many a program. */
const WELL_FORMED = '^[^\\x00]*$';

/** Controls, spaces and what is not shown at all (Unicode's default ignorable code points). */
const INVISIBLE =
  '\\x00-\\x20\\x7f-\\xa0\\u00ad\\u034f\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u115f\\u1160' +
  '\\u1680\\u17b4\\u17b5\\u180b-\\u180f\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u2800\\u3000\\u3164' +
  '\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb';
const VISIBLE = `^[^\\x00]*[^${INVISIBLE}][^\\x00]*$`;

// The same for what lies beyond 16 bits, which patterns of JSON Schema cannot name.
const SHOWN = new RegExp(`[^${INVISIBLE}\\p{Cf}\\p{DI}]`, 'u');

/** A joi text that every program can take: no NUL, no half of a surrogate pair. */
export function wellFormedText(): Joi.StringSchema {
  return Joi.string().meta({ pattern: WELL_FORMED }).custom(refuseMalformed);
}

/** A joi text of one line, trimmed, in which there is something to see. */
export function visibleText(): Joi.StringSchema {
  const text = Joi.string().trim().meta({ pattern: VISIBLE });
  return text.custom(refuseMalformed).custom(refuseInvisible);
}

function refuseMalformed(value: string): string {
  if (value.includes('\0') || !value.isWellFormed())
    throw new Error('must not have NUL or half of a surrogate pair');
  return value;
}

function refuseInvisible(value: string): string {
  if (!SHOWN.test(value)) throw new Error('must have a character that can be seen');
  return value;
}
