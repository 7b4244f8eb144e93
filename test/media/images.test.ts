import '../harness/place.ts';
import sharp from 'sharp';
import { expect, test, vi } from 'vitest';
import { UUID } from '../../src/data/ids.ts';
import { Image } from '../../src/models/media/image.ts';
import { getClient } from '../../src/providers/s3-client.ts';
import { given, type Person, type Track } from '../harness/given.ts';
import { keysOf } from '../harness/objects.ts';
import { heicOf } from '../samples/heic.ts';
import { pngText } from '../samples/origin.ts';

const PNG = { fileName: 'größe "x".png', contentType: 'image/png' };

/** Red on the left, blue on the right. */
async function picture(width = 1200, height = 800): Promise<Buffer> {
  const half = { width: width / 2, height, channels: 3 as const };
  const blue = await sharp({ create: { ...half, background: '#0000ff' } })
    .png()
    .toBuffer();
  return sharp({ create: { ...half, width, background: '#ff0000' } })
    .composite([{ input: blue, left: width / 2, top: 0 }])
    .removeAlpha()
    .png()
    .toBuffer();
}

async function ready(person: Person, bytes: Buffer): Promise<Track> {
  const made = await person.uploads(bytes, PNG, 'images');
  return person.waitsFor(made, 'READY', undefined, 'images');
}

const fetched = async (url: string) => {
  const answer = await fetch(url);
  return { answer, bytes: Buffer.from(await answer.arrayBuffer()) };
};

test('an image becomes READY with its facts, and with smaller ones to show', async () => {
  const alice = await given.user();
  const image = await ready(alice, await picture());
  expect(image).toMatchObject({
    progress: 100,
    image: { width: 1200, height: 800, format: 'png', orientation: 1, hasAlpha: false, frames: 1 },
  });
  expect(image.derivatives).toMatchObject([
    { name: 'thumbnail', contentType: 'image/webp', status: 'READY', width: 320, height: 213 },
    { name: 'preview', contentType: 'image/webp', status: 'READY', width: 1200, height: 800 },
    { name: 'previewAvif', contentType: 'image/avif', status: 'READY', width: 1200, height: 800 },
  ]);
  for (const { name, width } of image.derivatives ?? []) {
    const path = `/v1/images/${image.id}/derivatives/${name}`;
    const { body } = await alice.get<{ url: string }>(path);
    const { bytes } = await fetched(body.url);
    expect((await sharp(bytes).metadata()).width, name).toBe(width);
  }
});

test('a HEIC of a phone becomes READY, and can be rendered', async () => {
  const alice = await given.user();
  const bytes = await heicOf(sharp(await picture(600, 400)), { tile: 128 });
  const declared = { fileName: 'IMG_0001.HEIC', contentType: 'image/heic' };
  const sent = await alice.uploads(bytes, declared, 'images');
  const image = await alice.waitsFor(sent, 'READY', undefined, 'images');
  expect(image).toMatchObject({
    contentType: 'image/heic',
    image: { width: 600, height: 400, format: 'heic', orientation: 1 },
  });
  const path = `/v1/images/${image.id}/render?width=300&format=png`;
  const { body } = await alice.get<{ url: string }>(path);
  const rendered = await fetched(body.url);
  expect(await sharp(rendered.bytes).metadata()).toMatchObject({ format: 'png', width: 300 });
});

test('how an image was generated is told, and in none that is made of it', async () => {
  const alice = await given.user();
  const prompt = '{"3": {"class_type": "KSampler", "inputs": {"seed": 18446744073709551557}}}';
  const image = await ready(alice, pngText(await picture(64, 64), [['prompt', prompt, 'tEXt']]));
  expect(image.metadata).toEqual({ generator: 'ComfyUI', prompt });
  for (const { name } of image.derivatives ?? []) {
    const path = `/v1/images/${image.id}/derivatives/${name}`;
    const { body } = await alice.get<{ url: string }>(path);
    expect((await fetched(body.url)).bytes.includes('KSampler')).toBe(false);
  }
});

test('an image made to measure is made once, kept, and saved under a fitting name', async () => {
  const alice = await given.user();
  const image = await ready(alice, await picture());
  const path = `/v1/images/${image.id}/render?width=100&height=100&fit=cover&format=jpeg`;
  const { status, body } = await alice.get<{ url: string; expiresAt: string }>(path);
  expect(status).toBe(200);
  const { answer, bytes } = await fetched(body.url);
  expect(answer.headers.get('content-type')).toBe('image/jpeg');
  expect(answer.headers.get('content-disposition')).toContain(
    `filename*=UTF-8''gr%C3%B6%C3%9Fe%20%22x%22-w100-h100-cover-q80.jpg`,
  );
  expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width: 100, height: 100 });
  const before = await keysOf(alice, image, 'images');
  const modified = answer.headers.get('last-modified');
  const { middlewareStack } = await getClient();
  const put = vi.fn();
  middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === 'PutObjectCommand') put();
        return next(args);
      },
    { step: 'initialize', name: 'count' },
  );
  const again = await alice.get<{ url: string }>(path);
  middlewareStack.remove('count');
  expect(put).not.toHaveBeenCalled();
  expect((await fetched(again.body.url)).answer.headers.get('last-modified')).toBe(modified);
  await alice.get(`/v1/images/${image.id}/render?height=100&fit=cover&width=100&format=jpeg`);
  expect(await keysOf(alice, image, 'images')).toEqual(before);
});

test('while an image is processed once more, it is still made to measure', async () => {
  const alice = await given.user();
  const image = await ready(alice, await picture());
  const set = { status: 'PROCESSING' };
  await Image.collection.updateOne({ _id: new UUID(image.id) }, { $set: set });
  const { status, body } = await alice.get<{ url: string }>(
    `/v1/images/${image.id}/render?width=9`,
  );
  expect(status).toBe(200);
  expect((await fetched(body.url)).answer.headers.get('content-type')).toBe('image/webp');
});

test('what cannot be made is refused, every fault at once', async () => {
  const alice = await given.user();
  const image = await ready(alice, await picture(40, 20));
  const wrong = `/v1/images/${image.id}/render?width=0&height=5000&format=gif&quality=101`;
  expect(await alice.get(wrong)).toMatchObject({
    status: 400,
    body: {
      code: 'INVALID_QUERY',
      errors: [{ path: 'width' }, { path: 'height' }, { path: 'format' }, { path: 'quality' }],
    },
  });
  expect((await alice.get(`/v1/images/${image.id}/render`)).status).toBe(200);
  const awaited = await alice.medium('images', {});
  expect(await alice.get(`/v1/images/${awaited.id}/render?width=10`)).toMatchObject({
    status: 409,
    body: { code: 'INVALID_STATE' },
  });
  const bob = await given.user();
  expect((await bob.get(`/v1/images/${image.id}/render?width=10`)).status).toBe(404);
  expect((await alice.post(`/v1/images/${image.id}/render?width=10`)).status).toBe(405);
});

test('a file name that would read as another one is refused', async () => {
  const alice = await given.user();
  const file = { name: 'a', contentType: 'image/png', size: 1 };
  for (const fileName of ['a\u202egnp.exe', 'a\u2066b', 'a\nb', 'a\u0000', 'a\u0085']) {
    const { status, body } = await alice.post('/v1/images', { ...file, fileName });
    const paths = (body.errors as { path: string }[]).map(({ path }) => path);
    expect([status, new Set(paths)], fileName).toEqual([422, new Set(['fileName'])]);
  }
  for (const fileName of ['שיר.png', 'a\u200fb', '👩‍🚀.png', '"; x=y.png']) {
    expect((await alice.post('/v1/images', { ...file, fileName })).status, fileName).toBe(201);
  }
});

test('bytes that are no picture end in FAILED, and say so', async () => {
  const alice = await given.user();
  const made = await alice.uploads(Buffer.from('<svg onload="x"/>'.repeat(9)), PNG, 'images');
  expect(await alice.waitsFor(made, 'FAILED', undefined, 'images')).toMatchObject({
    error: { code: 'UNSUPPORTED_MEDIA', message: expect.stringContaining('SVG') },
  });
});
