import '../harness/place.ts';
import { expect, test } from 'vitest';
import { place } from '../harness/place.ts';
import { startShifted } from '../harness/shifted-process.ts';
import { until } from '../harness/until.ts';
import type { Said } from './keyed.ts';

place({ worker: false });

test.each([
  [-10, 10],
  [10, -10],
  [0, 10],
])(
  'of two processes whose clocks are %i and %i minutes ahead, one runs what a key asks for, and both answer it',
  async (...ahead) => {
    const [first, second] = ahead.map((minutes) =>
      startShifted<Said>('keyed', minutes * 60_000),
    ) as [ReturnType<typeof startShifted<Said>>, ReturnType<typeof startShifted<Said>>];
    await until('both can be asked', () => first.said.length + second.said.length === 2);
    const key = `of ${ahead}`;
    first.tell(key);
    await until('it runs', () => first.said.at(-1) === 'running');
    second.tell(key);
    await until('it is refused', () => second.said.length === 2);
    expect(second.said[1]).toEqual({ code: 'IDEMPOTENCY_IN_PROGRESS' });
    first.tell('end');
    await until('it is answered', () => first.said.length === 3);
    second.tell(key);
    await until('it is answered again', () => second.said.length === 3);
    const { body } = first.said[2] as { body: string };
    expect(first.said[2]).toEqual({ body, replayed: false });
    expect(second.said[2]).toEqual({ body, replayed: true });
  },
);
