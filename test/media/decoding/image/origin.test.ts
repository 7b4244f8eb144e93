import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Studio, studio } from '../../../samples/audio.ts';
import { heicOf } from '../../../samples/heic.ts';
import { CANARY, processedImage, scene, withCanary } from '../../../samples/images.ts';
import {
  C2PA_BOX,
  exifOf,
  JUMBF,
  pngText,
  withExif,
  withSegment,
  withXmp,
  xmpOf,
} from '../../../samples/origin.ts';

let made: Studio;
beforeAll(async () => {
  made = await studio();
});
afterAll(() => made[Symbol.asyncDispose]());

const png = () => scene(64, 48).png().toBuffer();
const jpeg = () => scene(64, 48).jpeg().toBuffer();
const webp = () => scene(64, 48).webp().toBuffer();

const PROMPT =
  '{"3": {"class_type": "KSampler", "inputs": {"seed": 18446744073709551557, "cfg": 8.0}}}';
const WORKFLOW = '{"last_node_id": 9, "nodes": [{"id": 3, "type": "KSampler"}], "links": []}';
const A1111 =
  'a lighthouse, 夜に駆ける\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1234, Size: 512x512';

async function metadataOf(bytes: Buffer): Promise<Record<string, unknown>> {
  const { metadata, files } = await processedImage(await made.write('image', bytes));
  // What is shown has no texts.
  for (const file of Object.values(files)) expect(file.includes('KSampler')).toBe(false);
  return metadata as Record<string, unknown>;
}

/** An image with texts in the chunks of a PNG. */
const inPng = async (texts: [string, string][], late = false) =>
  pngText(
    await png(),
    texts.map(([key, text]) => [key, text, /^[\x20-\x7e\n]*$/.test(text) ? 'tEXt' : 'iTXt']),
    late,
  );

const COMFY = { generator: 'ComfyUI', prompt: PROMPT, workflow: WORKFLOW };

const FILES: [string, () => Promise<Buffer>, object][] = [
  [
    'a PNG of ComfyUI',
    () =>
      inPng([
        ['prompt', PROMPT],
        ['workflow', WORKFLOW],
      ]),
    COMFY,
  ],
  [
    'a PNG with texts after its pixels',
    () =>
      inPng(
        [
          ['prompt', PROMPT],
          ['workflow', WORKFLOW],
        ],
        true,
      ),
    COMFY,
  ],
  [
    'a PNG with compressed texts',
    async () =>
      pngText(await png(), [
        ['prompt', PROMPT, 'zTXt'],
        ['workflow', WORKFLOW, 'iTXt+'],
      ]),
    COMFY,
  ],
  [
    'a WebP of ComfyUI',
    async () =>
      withExif(await webp(), exifOf({ 271: `workflow:${WORKFLOW}`, 272: `prompt:${PROMPT}` })),
    COMFY,
  ],
  [
    'a JPEG with a graph in its description',
    async () => withExif(await jpeg(), exifOf({ 270: `Workflow: ${WORKFLOW}` })),
    { generator: 'ComfyUI', workflow: WORKFLOW },
  ],
  [
    'a PNG of A1111',
    () => inPng([['parameters', A1111]]),
    { generator: 'A1111', parameters: A1111 },
  ],
  [
    'a JPEG of A1111',
    async () => withExif(await jpeg(), exifOf({}, A1111)),
    { generator: 'A1111', parameters: A1111 },
  ],
  [
    'a WebP of A1111, little-endian',
    async () => withExif(await webp(), exifOf({}, A1111, 'utf16le')),
    { generator: 'A1111', parameters: A1111 },
  ],
  [
    'a PNG of InvokeAI',
    () =>
      inPng([
        ['invokeai_metadata', '{"positive_prompt": "a cat"}'],
        ['invokeai_workflow', '{"nodes": []}'],
      ]),
    {
      generator: 'InvokeAI',
      parameters: '{"positive_prompt": "a cat"}',
      workflow: '{"nodes": []}',
    },
  ],
  [
    'a PNG of an older InvokeAI',
    () =>
      inPng([
        ['sd-metadata', '{"image": {}}'],
        ['Dream', '"a cat" -s 50'],
      ]),
    { generator: 'InvokeAI', parameters: '{"image": {}}', prompt: '"a cat" -s 50' },
  ],
  [
    'a PNG of NovelAI',
    () =>
      inPng([
        ['Title', 'AI generated image'],
        ['Description', 'a cat'],
        ['Software', 'NovelAI'],
        ['Comment', '{"steps": 28, "seed": 9007199254740993, "uc": "dog"}'],
      ]),
    {
      generator: 'NovelAI',
      prompt: 'a cat',
      parameters: '{"steps": 28, "seed": 9007199254740993, "uc": "dog"}',
    },
  ],
  [
    'a PNG of SwarmUI',
    () => inPng([['parameters', '{"sui_image_params": {"prompt": "a cat"}}']]),
    { generator: 'SwarmUI', parameters: '{"sui_image_params": {"prompt": "a cat"}}' },
  ],
  [
    'a PNG of Fooocus',
    () =>
      inPng([
        ['parameters', '{"prompt": "a cat"}'],
        ['fooocus_scheme', 'fooocus'],
      ]),
    { generator: 'Fooocus', parameters: '{"prompt": "a cat"}' },
  ],
  [
    'a PNG of Draw Things',
    async () =>
      withXmp(
        await png(),
        xmpOf(
          '<exif:UserComment><rdf:Alt><rdf:li xml:lang="x-default">{&quot;c&quot;:&quot;a cat&quot;}</rdf:li></rdf:Alt></exif:UserComment>',
        ),
      ),
    { parameters: '{"c":"a cat"}' },
  ],
];

test.for(FILES)('%s tells how it was made', async ([, make, expected]) => {
  const metadata = await metadataOf(await make());
  expect(metadata).toMatchObject(expected);
  expect(metadata).not.toHaveProperty('make');
  expect(metadata).not.toHaveProperty('model');
});

const TYPE = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia';
const WRITTEN: [string, string][] = [
  ['an attribute', xmpOf('', `Iptc4xmpExt:DigitalSourceType="${TYPE}"`)],
  ['text', xmpOf(`<Iptc4xmpExt:DigitalSourceType>${TYPE}</Iptc4xmpExt:DigitalSourceType>`)],
  ['a reference', xmpOf(`<Iptc4xmpExt:DigitalSourceType rdf:resource="${TYPE}"/>`)],
  ['another prefix', xmpOf(`<iptcExt:DigitalSourceType>${TYPE}/</iptcExt:DigitalSourceType>`)],
];

test.for(WRITTEN)('the kind of source is read when it is written as %s', async ([, xmp]) => {
  for (const bytes of [await png(), await jpeg(), await webp()]) {
    expect(await metadataOf(await withXmp(bytes, xmp))).toMatchObject({
      digitalSourceType: 'trainedAlgorithmicMedia',
    });
  }
  expect(await metadataOf(await heicOf(scene(64, 48), { xmp }))).toMatchObject({
    digitalSourceType: 'trainedAlgorithmicMedia',
  });
});

const CREDENTIALS: [string, () => Promise<Buffer>][] = [
  [
    'JPEG',
    async () =>
      withSegment(
        await jpeg(),
        0xeb,
        Buffer.concat([Buffer.from('JP\0\x01\0\0\0\x01', 'latin1'), JUMBF]),
      ),
  ],
  ['PNG', async () => pngText(await png(), [['', JUMBF.toString('latin1'), 'caBX']])],
  ['WebP', async () => withChunk(await webp(), 'C2PA', JUMBF)],
  ['AVIF', async () => Buffer.concat([await scene(64, 48).avif().toBuffer(), C2PA_BOX])],
  ['HEIC', async () => Buffer.concat([await heicOf(scene(64, 48)), C2PA_BOX])],
];

test.for(CREDENTIALS)('that a %s has content credentials is told', async ([, make]) => {
  expect(await metadataOf(await make())).toMatchObject({ c2pa: true });
});

test('an image that says nothing of itself has no such facts', async () => {
  for (const bytes of [await png(), await jpeg(), await webp()])
    expect(await metadataOf(bytes)).toEqual({});
});

test('a comment by a human is no parameter', async () => {
  const bytes = await inPng([
    ['Comment', 'our holidays'],
    ['Description', '{"a": 1}'],
    ['Title', 'Sea'],
  ]);
  expect(await metadataOf(bytes)).toEqual({});
});

test('what is too large is left out by name', async () => {
  const large = `{"nodes": "${'x'.repeat(300_000)}"}`;
  const metadata = await metadataOf(
    await inPng([
      ['prompt', PROMPT],
      ['workflow', large],
    ]),
  );
  expect(metadata).toMatchObject({ prompt: PROMPT, omitted: ['workflow'] });
  expect(JSON.stringify(metadata).length).toBeLessThan(200_000);
});

test('a text that inflates beyond all bounds is left out', async () => {
  const bomb = deflateSync(Buffer.alloc(50_000_000, 120)).toString('latin1');
  const bytes = await pngText(await png(), [
    ['workflow', bomb, 'zTXt!'],
    ['prompt', PROMPT, 'tEXt'],
  ]);
  expect(await metadataOf(bytes)).toMatchObject({ prompt: PROMPT });
});

/** Texts that take minutes where the time grows with the square of their length, and else next to none. */
const LONG: [string, () => Promise<Buffer>][] = [
  [
    'a comment whose quotes never end',
    async () => pngText(await png(), [['Comment', `{"${'\\"'.repeat(400_000)}`, 'zTXt']]),
  ],
  [
    'a comment of settings that are none',
    async () => pngText(await png(), [['Comment', '\nSteps: 1, '.repeat(80_000), 'zTXt']]),
  ],
  [
    'a text of settings that are none',
    async () => pngText(await png(), [['parameters', '\nSteps: 1, '.repeat(80_000), 'zTXt']]),
  ],
  ['XMP of one word', async () => withXmp(await png(), xmpOf('a'.repeat(200_000)))],
  [
    'XMP with a kind of source of spaces',
    async () => withXmp(await png(), xmpOf(`<a:DigitalSourceType>${' '.repeat(200_000)}`)),
  ],
];

test.for(LONG)('%s does not hold up others', async ([, make]) => {
  const bytes = await make();
  const start = performance.now();
  const metadata = await metadataOf(bytes);
  expect(performance.now() - start).toBeLessThan(5000);
  expect(Object.keys(metadata).filter((name) => name !== 'omitted')).toEqual([]);
});

test('a comment of JSON that is nested too deep for a graph is none', async () => {
  const nested = (levels: number) => `${'{"workflow":'.repeat(levels)}1${'}'.repeat(levels)}`;
  expect(await metadataOf(await inPng([['Comment', nested(50)]]))).toEqual({
    workflow: nested(49),
  });
  const deep = pngText(await png(), [['Comment', nested(80_000), 'zTXt']]);
  expect(await metadataOf(deep)).toEqual({});
});

test('keys that every object has are no fields of a generator', async () => {
  const texts = ['constructor', '__proto__', 'toString', 'valueOf'].map((key) => [key, 'hello']);
  const bytes = await inPng([['prompt', PROMPT], ...(texts as [string, string][])]);
  expect(await metadataOf(bytes)).toEqual({ generator: 'ComfyUI', prompt: PROMPT });
  const comment = `{"constructor":"a","__proto__":"b","valueOf":"c","workflow":${WORKFLOW}}`;
  const { generator, workflow, ...others } = await metadataOf(await inPng([['Comment', comment]]));
  expect(generator).toBe('ComfyUI');
  expect(JSON.parse(workflow as string)).toEqual(JSON.parse(WORKFLOW));
  expect(others).toEqual({});
});

test('places in any of them are not told', async () => {
  const metadata = await metadataOf(withCanary(await jpeg()));
  expect(JSON.stringify(metadata)).not.toContain(CANARY.slice(0, 6));
});

function withChunk(file: Buffer, name: string, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(body.length, 4);
  const bytes = Buffer.concat([file, head, body, Buffer.alloc(body.length % 2)]);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  return bytes;
}
