import '../harness/place.ts';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { readXmp } from '../../src/services/media/metadata/xmp.ts';
import { given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { makeDriver, PLAIN_PICTURE, runs } from './support/drive.ts';
import { servePod } from './support/serve.ts';

place({ worker: false });

servePod();

async function readMark(person: Person, path: string): Promise<object> {
  const { body } = await person.get<{ url: string }>(path);
  const file = Buffer.from(await (await fetch(body.url)).arrayBuffer());
  const { xmp } = await sharp(file).metadata();
  return xmp ? readXmp(xmp) : {};
}

const GENERATED = { digitalSourceType: 'trainedAlgorithmicMedia' };

test('a generated picture says so: itself, its copies, its metadata and its lineage; one that was uploaded does not', async () => {
  const alice = await given.user();
  const done = await makeDriver().ends(alice, await runs(alice, PLAIN_PICTURE));
  const path = `/v1/images/${done.outputs?.[0]?.image}`;
  const image = (await alice.get(path)).body;
  expect(image).toMatchObject({ metadata: GENERATED, lineage: GENERATED });
  // ComfyUI's own texts are still there: a workflow can be made of it.
  expect(image.metadata).toHaveProperty('prompt');
  const copies = [
    'file',
    'derivatives/preview',
    'derivatives/thumbnail',
    'derivatives/previewAvif',
  ];
  const renders = ['webp', 'avif', 'jpeg', 'png'].map((f) => `render?width=32&format=${f}`);
  for (const copy of [...copies, ...renders]) {
    expect(await readMark(alice, `${path}/${copy}`), copy).toEqual(GENERATED);
  }
});
