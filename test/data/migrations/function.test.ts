import '../../harness/place.ts';
import { afterEach, expect, test } from 'vitest';
import { handler } from '../../../functions/migrate.ts';
import { migrations } from '../../../migrations/index.ts';
import { invocation } from '../../harness/invocations.ts';
import { migration } from './given.ts';

const count = migrations.length;

afterEach(() => migrations.splice(count));

test('the function "migrate" widens, and narrows only when it is told', async () => {
  const wider = migration('8888-wider', (m) =>
    m.changeValidator('projects', { set: { mood: { bsonType: 'string' } } }),
  );
  const narrower = migration('9999-narrower', (m) =>
    m.changeValidator('projects', { required: ['mood'] }),
  );
  migrations.push(wider, narrower);
  const widened = await handler({}, invocation());
  expect(widened).toEqual({ applied: ['8888-wider'], narrowing: ['9999-narrower'] });
  for (const event of [undefined, null, '', { narrow: 'true' }]) {
    expect(await handler(event, invocation())).toEqual({
      applied: [],
      narrowing: ['9999-narrower'],
    });
  }
  const narrowed = await handler({ narrow: true }, invocation());
  expect(narrowed).toEqual({ applied: ['9999-narrower'] });
});
