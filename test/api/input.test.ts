import { Schema } from 'mongoose';
import { expect, test } from 'vitest';
import { checkBody } from '../../src/api/http/check-body.ts';
import { idSchema, makeBody } from '../../src/api/resource/input.ts';
import { encrypted, freeForm } from '../../src/data/entity.ts';
import { shapeOf } from '../../src/data/shape.ts';

const schema = new Schema(
  {
    day: { type: Date },
    notes: freeForm(20),
    secret: encrypted({ type: String }, { shows: 'last4' }),
  },
  { _id: false },
);
const body = makeBody(shapeOf(schema), 'create').keys({ id: idSchema() });

test.each([
  ['day', '2024-02-29', '2026-02-30'],
  ['day', '2026-12-31T23:59:59Z', '2026-04-31T00:00:00Z'],
  ['notes', { a: 'x'.repeat(10) }, { a: 'x'.repeat(20) }],
  ['secret', 'abcd', '…abcd'],
  ['id', '0198c0de-0000-7000-8000-000000000001', '{0198c0de-0000-7000-8000-000000000001}'],
  ['id', '0198c0de-0000-7000-8000-00000000000a', '0198C0DE-0000-7000-8000-00000000000A'],
])('as %s a body may have %j, and not %j', (path, good, bad) => {
  expect(checkBody(body, { [path]: good })).toHaveProperty(path);
  expect(() => checkBody(body, { [path]: bad })).toThrow(
    expect.objectContaining({
      code: 'VALIDATION_FAILED',
      errors: [expect.objectContaining({ path })],
    }),
  );
});
