import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { openBounded } from '../../src/services/media/bounded-file.ts';
import { readImageOrigin } from '../../src/services/media/image/origin.ts';
import { markImage } from '../../src/services/media/metadata/mark-image.ts';
import { listParts } from '../../src/services/media/metadata/parts.ts';
import { readCredentials } from '../../src/services/media/metadata/read-credentials.ts';
import { buildXmp } from '../../src/services/media/metadata/source-type.ts';
import { readXmp } from '../../src/services/media/metadata/xmp.ts';
import { JUMBF, pngText } from '../samples/origin.ts';

const TERM = 'trainedAlgorithmicMedia';

const pixels = { width: 40, height: 30, channels: 4, background: '#3366cc80' } as const;
const draw = () => sharp({ create: pixels }).composite([{ input: dot(), left: 9, top: 9 }]);
const dot = () =>
  Buffer.from('<svg width="9" height="9"><circle cx="4" cy="4" r="4" fill="red"/></svg>');

async function mark(bytes: Buffer, pieces = 7): Promise<Buffer> {
  const step = Math.ceil(bytes.length / pieces);
  const parts = Array.from({ length: pieces }, (_, n) => bytes.subarray(n * step, (n + 1) * step));
  const stream = Readable.from(parts.filter((part) => part.length > 0));
  await using marked = await markImage({ stream, size: bytes.length }, TERM);
  const chunks: Buffer[] = [];
  for await (const chunk of marked.stream as AsyncIterable<Buffer>) chunks.push(chunk);
  const made = Buffer.concat(chunks);
  expect(made.length).toBe(marked.size);
  return made;
}

const rawOf = (bytes: Buffer) => sharp(bytes, { animated: true }).raw().toBuffer();

const [png, jpeg] = [await draw().png().toBuffer(), await draw().flatten().jpeg().toBuffer()];

/** Files of each format, with and without what may stand before the pixels. */
const formats: [string, () => Promise<Buffer>][] = [
  ['PNG', () => draw().png().toBuffer()],
  [
    'PNG with EXIF',
    () =>
      draw()
        .withExif({ IFD0: { Artist: 'Ada' } })
        .png()
        .toBuffer(),
  ],
  ['JPEG', () => draw().flatten().jpeg().toBuffer()],
  [
    'JPEG with EXIF and a profile',
    () =>
      draw()
        .flatten()
        .withIccProfile('p3')
        .withExif({ IFD0: { Artist: 'A' } })
        .jpeg()
        .toBuffer(),
  ],
  [
    'WebP with transparency',
    () =>
      draw()
        .withExif({ IFD0: { Artist: 'A' } })
        .webp()
        .toBuffer(),
  ],
  ['lossy WebP without an extended header', () => draw().flatten().webp().toBuffer()],
  ['lossless WebP with transparency', () => draw().webp({ lossless: true }).toBuffer()],
  ['WebP that moves', () => drawFrames().webp({ loop: 0 }).toBuffer()],
];

const drawFrames = () =>
  sharp([{ create: pixels }, { create: { ...pixels, background: 'red' } }] as never, {
    join: { animated: true },
  });

describe('a mark', () => {
  test.each(formats)(
    'says in a %s that it was generated, and touches no pixel',
    async (_, make) => {
      const before = await make();
      for (const pieces of [1, 2, 50, before.length]) {
        const after = await mark(before, pieces);
        const { xmp } = await sharp(after).metadata();
        expect(readXmp(xmp as Buffer)).toEqual({ digitalSourceType: TERM });
        expect(await rawOf(after)).toEqual(await rawOf(before));
      }
    },
  );

  test.each(formats)('is not put on a %s that has XMP already', async (_, make) => {
    const xmp = buildXmp('compositeSynthetic');
    const format = (await sharp(await make()).metadata()).format;
    const before = await sharp(await make())
      .withXmp(xmp)
      .toFormat(format)
      .toBuffer();
    expect(await mark(before)).toEqual(before);
  });

  test.each(formats)('is added to the XMP that a %s has, which stays', async (_, make) => {
    const { format } = await sharp(await make()).metadata();
    for (const about of ['', 'uuid:faf5bdd5']) {
      const before = await sharp(await make(), { animated: true })
        .withXmp(describeTitle(about))
        .toFormat(format)
        .toBuffer();
      const after = await mark(before);
      const { xmp } = await sharp(after).metadata();
      const text = String(xmp);
      expect(readXmp(xmp as Buffer)).toEqual({ digitalSourceType: TERM });
      expect(text).toContain('<dc:title>A title — ü</dc:title>');
      expect(text.match(new RegExp(`rdf:about="${about}"`, 'g'))).toHaveLength(2);
      expect(await rawOf(after)).toEqual(await rawOf(before));
      expect(await mark(after)).toEqual(after);
    }
  });

  test('is added to XMP with much room in its middle without holding up others', async () => {
    const xmp = describeTitle('').replace('<?xpacket end', `${' '.repeat(500_000)}.<?xpacket end`);
    const before = pngText(png, [['XML:com.adobe.xmp', xmp, 'iTXt']]);
    const start = performance.now();
    expect((await mark(before)).length).toBeGreaterThan(before.length);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('is not put on a WebP or a PNG with content credentials behind its pixels', async () => {
    for (const webp of [draw().webp(), draw().flatten().webp()]) {
      const signed = appendChunk(await webp.toBuffer(), 'C2PA', JUMBF);
      expect(await mark(signed)).toEqual(signed);
    }
    const late = pngText(png, [['', JUMBF.toString('latin1'), 'caBX']], true);
    expect(await mark(late)).toEqual(late);
  });

  test('is not put on a WebP that is cut off, or says a length that is not true', async () => {
    const webp = await draw().webp().toBuffer();
    expect(await mark(webp.subarray(0, webp.length - 9))).toEqual(webp.subarray(0, -9));
    const longer = Buffer.concat([webp, Buffer.alloc(64)]);
    expect(await rawOf(await mark(longer))).toEqual(await rawOf(webp));
    const shorter = Buffer.from(webp);
    shorter.writeUInt32LE(20, 4);
    expect(await mark(shorter)).toEqual(shorter);
  });

  test.each(['signed.png', 'signed.jpg'])(
    'is not put on %s, whose content credentials would not hold any more',
    async (name) => {
      const before = await readFile(sample(name));
      expect(await mark(before)).toEqual(before);
    },
  );

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['noise', Buffer.from('GIF89a, or so, and then nothing that is a picture')],
    ['a PNG that is cut off', png.subarray(0, 40)],
    ['a JPEG that is cut off', jpeg.subarray(0, 12)],
  ])('leaves %s as it is', async (_, before) => {
    expect(await mark(before, 3)).toEqual(before);
  });
});

/** A packet of another program, with room for changes. */
const describeTitle = (about: string) =>
  `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="${about}" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A title — ü</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>${' '.repeat(2000)}<?xpacket end="w"?>`;

function appendChunk(webp: Buffer, name: string, content: Buffer): Buffer {
  const start = Buffer.from(`${name}\0\0\0\0`, 'latin1');
  start.writeUInt32LE(content.length, 4);
  const made = Buffer.concat([webp, start, content, Buffer.alloc(content.length % 2)]);
  made.writeUInt32LE(made.length - 8, 4);
  return made;
}

const sample = (name: string) =>
  fileURLToPath(new URL(`../samples/credentials/${name}`, import.meta.url));

describe('content credentials', () => {
  // Made by @trustnxt/c2pa-ts 0.9.4, an implementation that has nothing in common with ours.
  const says = {
    ...{ generator: 'Example Painter', title: 'A signed picture', actions: ['c2pa.created'] },
    ...{ digitalSourceType: TERM, signedBy: 'Example Studio', manifests: 1 },
  };

  test.each(['signed.png', 'signed.jpg'])('of %s are read', async (name) => {
    const signal = AbortSignal.timeout(10_000);
    const nothing = { exif: null, xmp: null };
    expect(await readImageOrigin(sample(name), nothing, signal)).toEqual({
      ...{ c2pa: true, credentials: says, digitalSourceType: TERM },
    });
  });

  test('that are broken anywhere say nothing, and break nothing', async () => {
    const { mkdtemp, rm, writeFile } = await import('node:fs/promises');
    const { tmpdir } = await import('node:os');
    const { join } = await import('node:path');
    const folder = await mkdtemp(join(tmpdir(), 'mixdown-credentials-'));
    const whole = await readFile(sample('signed.png'));
    try {
      for (let n = 0; n < 300; n++) {
        const broken = Buffer.from(whole);
        // Behind the header of the chunk, where the boxes and their CBOR are.
        const at = 45 + ((n * 37) % 4000);
        broken[at] = (broken[at] ?? 0) ^ (1 + (n % 255));
        const path = join(folder, 'broken.png');
        await writeFile(path, broken);
        const file = await openBounded(path, AbortSignal.timeout(10_000));
        await readCredentials(file, await listParts(file)).finally(() => file.close());
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
