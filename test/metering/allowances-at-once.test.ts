import '../harness/place.ts';
import { expect, test } from 'vitest';
import { UUID } from '../../src/data/ids.ts';
import { Image } from '../../src/models/media/image.ts';
import { AllowanceCounter } from '../../src/models/metering/allowance-counter.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

const ROUNDS = 20;
const AT_ONCE = 64;
const image = { name: 'A cover', fileName: 'a.png', contentType: 'image/png', size: 1000 };

test(`${ROUNDS} times, ${AT_ONCE} at once at the edge of an allowance: none over, none wrongly refused`, async () => {
  const root = await given.admin();
  const alice = await given.user();
  const user = new UUID(alice.id);
  for (let round = 1; round <= ROUNDS; round++) {
    // Of bytes and of documents in turn, and each time room for another number.
    const room = 1 + ((round * 7) % 50);
    const counter = await AllowanceCounter.collection.findOne({ _id: user });
    const used = { bytes: 0, documents: 0, ...counter };
    const limits =
      round % 2 === 0
        ? { documents: used.documents + room }
        : { bytes: used.bytes + room * 1000 + 999 };
    const body = { user: alice.id, limits, reason: `round ${round}` };
    expect((await root.post('/v1/allowances/overrides', body)).status).toBe(200);
    const answers = await Promise.all(times(AT_ONCE, () => alice.post('/v1/images', image)));
    const made = answers.filter(({ status }) => status === 201).length;
    const refused = answers.filter(({ status }) => status === 402).length;
    expect([round, made, refused]).toEqual([round, room, AT_ONCE - room]);
    expect(await Image.collection.countDocuments({ user })).toBe(used.documents + room);
  }
});
