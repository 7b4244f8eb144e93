import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  buildRenderKey,
  parseRenderOptions,
  type RenderOptions,
  renderImage,
} from '../../../../src/services/media/image/render.ts';
import { FFMPEG, type Studio, studio } from '../../../samples/audio.ts';
import { CANARY, scene, withCanary } from '../../../samples/images.ts';

let made: Studio;
let source: string;
let turned: string;
beforeAll(async () => {
  made = await studio();
  source = await made.write('s.jpg', withCanary(await scene(600, 400).jpeg().toBuffer()));
  const held = await sharp(await scene(600, 400).png().toBuffer())
    .rotate(270)
    .png()
    .toBuffer();
  turned = await made.write(
    't.jpg',
    await sharp(held).jpeg().withMetadata({ orientation: 6 }).toBuffer(),
  );
});
afterAll(() => made[Symbol.asyncDispose]());

const never = new AbortController().signal;
const work = (signal: AbortSignal) => ({ workDir: made.folder, ffmpeg: FFMPEG, signal });

async function rendered(path: string, query: Record<string, string>) {
  const out = made.path('out');
  const told = await renderImage(path, parseRenderOptions(query), out, work(never));
  const bytes = await readFile(out);
  const found = await sharp(bytes).metadata();
  expect(told).toEqual({
    contentType: `image/${found.format === 'heif' ? 'avif' : found.format}`,
    ...{ size: bytes.length, width: found.width, height: found.height },
  });
  return { ...told, bytes, metadata: found };
}

const BOXES: [Record<string, string>, [number, number]][] = [
  [{ width: '300' }, [300, 200]],
  [{ height: '100' }, [150, 100]],
  [{ width: '300', height: '300' }, [300, 200]],
  [{ width: '300', height: '300', fit: 'cover' }, [300, 300]],
  [{ width: '300', height: '300', fit: 'contain' }, [300, 300]],
  [{ width: '300', height: '300', fit: 'fill' }, [300, 300]],
  [{ width: '4096' }, [600, 400]],
  [{ width: '1200', height: '1200', fit: 'cover' }, [400, 400]],
  [{ width: '1200', height: '300', fit: 'fill' }, [600, 300]],
  [{ width: '800', height: '800', fit: 'contain' }, [800, 800]],
  [{ width: '1', height: '4096', fit: 'cover' }, [1, 400]],
];

test.for(BOXES)('%o makes %o, turned or not', async ([query, [width, height]]) => {
  for (const path of [source, turned]) {
    expect(await rendered(path, { ...query, format: 'png' })).toMatchObject({ width, height });
  }
});

test('each format is what was asked for, upright, and bare of what the original says of itself', async () => {
  for (const format of ['webp', 'avif', 'jpeg', 'png']) {
    const { contentType, bytes, metadata } = await rendered(source, { width: '200', format });
    expect(contentType).toBe(`image/${format}`);
    expect(bytes.includes(CANARY)).toBe(false);
    expect([metadata.exif, metadata.xmp, metadata.icc, metadata.orientation]).toEqual(
      Array(4).fill(undefined),
    );
  }
  const { bytes } = await rendered(turned, { width: '300', format: 'png' });
  const upright = await scene(600, 400).resize(300).raw().toBuffer();
  const shown = await sharp(bytes).raw().toBuffer();
  expect(shown.length).toBe(upright.length);
  expect(Math.abs((shown[0] ?? 0) - (upright[0] ?? 0))).toBeLessThan(12); // the dark corner
});

test('what surrounds a contained image is transparent, and white in a JPEG', async () => {
  const query = { width: '300', height: '300', fit: 'contain' };
  const corner = async (format: string) => {
    const { bytes } = await rendered(source, { ...query, format });
    return [...(await sharp(bytes).ensureAlpha().raw().toBuffer()).subarray(0, 4)];
  };
  expect((await corner('png'))[3]).toBe(0);
  expect((await corner('webp'))[3]).toBe(0);
  expect(await corner('jpeg')).toEqual([255, 255, 255, 255]);
});

test('transparency stays where the format has it, and is white where it has not', async () => {
  const path = await made.write('alpha.png', await scene(200, 100, 4).png().toBuffer());
  const corner = async (format: string) => {
    const { bytes } = await rendered(path, { width: '100', format });
    return [...(await sharp(bytes).ensureAlpha().raw().toBuffer()).subarray(0, 4)];
  };
  for (const format of ['webp', 'avif', 'png']) expect((await corner(format))[3]).toBeLessThan(8);
  expect(Math.min(...(await corner('jpeg')))).toBeGreaterThan(245);
});

test('quality costs bytes', async () => {
  for (const format of ['webp', 'avif', 'jpeg']) {
    const low = await rendered(source, { width: '500', format, quality: '5' });
    const high = await rendered(source, { width: '500', format, quality: '95' });
    expect(high.size).toBeGreaterThan(low.size);
  }
});

test('every fault of a query is named at once', () => {
  const query = { width: '0', height: '4097', fit: 'stretch', format: 'svg', quality: '1e2' };
  expect(() => parseRenderOptions(query)).toThrow(
    expect.objectContaining({
      code: 'INVALID_QUERY',
      errors: [
        { path: 'width', message: 'must be a whole number from 1 to 4096' },
        { path: 'height', message: 'must be a whole number from 1 to 4096' },
        { path: 'fit', message: 'must be one of INSIDE, COVER, CONTAIN, FILL' },
        { path: 'format', message: 'must be one of WEBP, AVIF, JPEG, PNG' },
        { path: 'quality', message: 'must be a whole number from 1 to 100' },
      ],
    }),
  );
  expect(parseRenderOptions({})).toMatchObject({ width: 4096, height: 4096, fit: 'inside' });
  for (const width of ['', ' 5', '-5', '5.5', '0x10', '99999999999', 'NaN', '٣']) {
    expect(() => parseRenderOptions({ width })).toThrow('width must be');
  }
});

test('queries for the same image have the same key, and others have another', () => {
  const key = (query: Record<string, string>) => buildRenderKey(parseRenderOptions(query));
  expect(key({ width: '640' })).toBe('w640-inside-q80.webp');
  expect(key({ width: '640', fit: 'cover', format: 'webp', quality: '80' })).toBe(
    key({ width: '640' }),
  );
  expect(key({ width: '9', format: 'png', quality: '7' })).toBe(key({ width: '9', format: 'png' }));
  const queries: RenderOptions[] = [];
  for (const fit of ['inside', 'cover', 'contain', 'fill']) {
    for (const format of ['webp', 'avif', 'jpeg', 'png']) {
      for (const [width, height] of [
        ['12', '3'],
        ['1', '23'],
      ] as const) {
        queries.push(parseRenderOptions({ width, height, fit, format }));
      }
    }
  }
  expect(new Set(queries.map(buildRenderKey)).size).toBe(queries.length);
  for (const options of queries) expect(buildRenderKey(options)).toMatch(/^[a-z0-9.-]+$/);
});

test('an aborted render makes nothing', async () => {
  const aborted = AbortSignal.abort(new Error('enough'));
  const options = parseRenderOptions({ width: '10' });
  const rendering = renderImage(source, options, made.path('x'), work(aborted));
  await expect(rendering).rejects.toThrow('enough');
  await expect(readFile(made.path('x'))).rejects.toThrow('ENOENT');
});
