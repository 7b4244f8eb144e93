import { newId } from '../../src/data/ids.ts';
import type { Shape } from '../../src/data/shape.ts';

/** A value of this shape, as it is stored, with all of its fields. */
export function sampleOf(shape: Shape): unknown {
  switch (shape.kind) {
    case 'string':
      return shape.enum?.[0] ?? matching(shape.match, shape.min ?? 1);
    case 'number':
      return Math.max(shape.min ?? 0, 1);
    case 'boolean':
      return true;
    case 'date':
      return new Date();
    case 'id':
      return newId(Date.now());
    case 'free':
      return { any: 'thing' };
    case 'map':
      return { key: sampleOf(shape.values) };
    case 'array':
      return [sampleOf(shape.items)];
    case 'binary':
      return Buffer.from('bytes');
    case 'encrypted':
      return { bytes: Buffer.from('bytes'), ...(shape.shows && { last4: 'abcd' }) };
    case 'object':
      return Object.fromEntries(
        Object.entries(shape.fields).map(([name, field]) => [name, sampleOf(field.shape)]),
      );
  }
}

/** Texts of which each form in use takes at least one. */
const TEXTS = [
  ...['0123456789abcdef', '0123456789abcdef'.repeat(4)],
  ...['a@example.com', `${'A'.repeat(43)}=`, 'en', 'abcd', '1234', 'USD', '#a1b2c3', 'P30D'],
  ...['https://example.com/hook', 'track.ready', '6.inputs.text', '8188/http', 'qwen-omni'],
  '01a2264c-30b7-7000-a788-460e2c64dc40',
];

/** Some text of this form. @throws Error when none of those known is */
function matching(form: RegExp | undefined, min: number): string {
  const found = ['x'.repeat(min), ...TEXTS].find((t) => !form || form.test(t));
  if (!found) throw new Error(`Say a text that ${form} takes.`);
  return found;
}
