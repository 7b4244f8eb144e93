import '../harness/place.ts';
import { randomBytes } from 'node:crypto';
import mongoose from 'mongoose';
import { expect, test } from 'vitest';
import { entities } from '../../src/data/entity.ts';
import { type FaultName, startComfyUi } from '../../src/local/comfyui/start.ts';
import '../../src/models/index.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { adminCollection } from '../harness/admin.ts';
import { type Doc, given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';
import { makeDriver, runs, usePods } from './support/drive.ts';

place({ worker: false });

const word = () => `canary${randomBytes(6).toString('hex')}`;

// What a picture carries is its owner's own: the medium shows it to him, and so do the events that tell of it.
const OF_THE_OWNER = ['images', 'events'];

test.each<[FaultName | undefined, string]>([
  [undefined, 'COMPLETED'],
  ['node-error', 'FAILED'],
  ['out-of-memory', 'FAILED'],
  ['server-error', 'COMPLETED'],
])(
  'prompts and parameters are in no log, error, audit row, job or message: %s',
  async (fault, end) => {
    const server = await startComfyUi(fault ? { faults: [fault] } : {});
    await usePods(server.url);
    const canaries = times(12, word) as string[];
    const [text, other, title, named, fallback, third, ...values] = canaries as [
      ...[string, string, string, string, string, string],
      ...string[],
    ];
    const given_ = Object.fromEntries(values.map((value, n) => [`value${n}`, value]));
    const workflow = {
      name: 'A picture',
      graph: {
        1: {
          class_type: 'EmptyImage',
          inputs: { width: 32, height: 32, batch_size: 1, color: 0, text, other, named, third },
          _meta: { title },
        },
        2: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'plain' } },
      },
      parameters: [
        { name: 'fallback', type: 'STRING', path: '1.inputs.fallback', default: fallback },
        ...values.map((_, n) => ({
          name: `value${n}`,
          type: 'STRING',
          path: `1.inputs.value${n}`,
        })),
      ],
      outputs: [{ node: '2', kind: 'IMAGE' }],
    };
    const alice = await given.user();
    const driver = makeDriver();
    let logged = '';
    const write = (...entry: unknown[]) => {
      logged += JSON.stringify(entry);
    };
    Object.assign(driver.ctx, { log: { debug: write, info: write, warn: write, error: write } });
    const started = await runs(alice, workflow, { parameters: given_ });
    const done = await driver.ends(alice, started);
    expect(done.status, JSON.stringify(done.error)).toBe(end);
    expect(done.parameters).toMatchObject(given_);
    // A refused one, and a rerun of it.
    const wrong = { parameters: { value0: 7, [`${values[0]}`]: 1 } };
    expect((await alice.post(`/v1/jobs/${started.job}/rerun`, wrong)).status).toBe(422);
    const again = await alice.post(`/v1/jobs/${started.job}/rerun`);
    const { document } = again.body.input as { document: string };
    await driver.ends(alice, { id: document } as Doc);
    await appendToChain(driver.ctx);
    const found = canaries.filter((canary) => logged.includes(canary));
    for (const entity of entities.values()) {
      const { collectionName } = entity;
      if (OF_THE_OWNER.includes(collectionName)) continue;
      const all = await adminCollection(entity).find({}).toArray();
      const bytes = mongoose.mongo.BSON.serialize({ all });
      const text = Buffer.from(bytes).toString('latin1');
      found.push(...canaries.filter((c) => text.includes(c)).map((c) => `${collectionName}: ${c}`));
    }
    expect(found).toEqual([]);
    await server.stop();
  },
);
