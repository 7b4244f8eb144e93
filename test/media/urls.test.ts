import '../harness/place.ts';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { type Doc, given, type Track } from '../harness/given.ts';

type WithUrls = Doc & { urls: Record<string, string>; images?: WithUrls[] };

const PNG = { name: 'Picture', fileName: 'picture.png', contentType: 'image/png' };

async function ready() {
  const alice = await given.user();
  const { id: project } = await alice.project();
  const create = { width: 900, height: 600, channels: 3 as const, background: '#a1b2c3' };
  const made = await alice.uploads(
    await sharp({ create }).png().toBuffer(),
    { ...PNG, project },
    'images',
  );
  return { alice, project, image: await alice.waitsFor(made, 'READY', undefined, 'images') };
}

test('a list with include=urls has addresses of all files, that open without a token', async () => {
  const { alice, image } = await ready();
  await alice.medium('images');
  const { body } = await alice.get<{ data: WithUrls[] }>('/v1/images?include=urls');
  const [waiting, shown] = body.data as [WithUrls, WithUrls];
  expect(waiting.urls).toEqual({});
  expect(Object.keys(shown.urls)).toEqual(['file', 'thumbnail', 'preview', 'previewAvif']);
  const { urls, ...rest } = shown;
  expect(rest).toEqual((await alice.get<Track>(`/v1/images/${image.id}`)).body);
  for (const [name, width] of [
    ['file', 900],
    ['thumbnail', 320],
    ['preview', 900],
  ] as const) {
    const answer = await fetch(urls[name] as string);
    expect(answer.headers.get('content-type')).toMatch(/^image\//);
    const { width: found } = await sharp(Buffer.from(await answer.arrayBuffer())).metadata();
    expect(found, name).toBe(width);
  }
});

test('addresses come with few fields, and with what a project includes', async () => {
  const { alice, project, image } = await ready();
  const few = await alice.get<WithUrls>(`/v1/images/${image.id}?fields=name&include=urls`);
  expect(Object.keys(few.body).sort()).toEqual(['id', 'name', 'urls']);
  const path = `/v1/projects/${project}?include=images.urls,images.project`;
  const { body } = await alice.get<WithUrls>(path);
  expect(body.images?.[0]).toMatchObject({ id: image.id, project: { id: project } });
  expect((await fetch(body.images?.[0]?.urls.thumbnail as string)).status).toBe(200);
  const wrong = await alice.get(`/v1/projects/${project}?include=urls`);
  expect(wrong.status).toBe(400);
});

test('addresses stay the same for a while, so that a browser need not load a picture again', async () => {
  const { alice, image } = await ready();
  const ask = async () => {
    const { status, body } = await alice.get<WithUrls>(`/v1/images/${image.id}?include=urls`);
    expect(status).toBe(200);
    return body.urls;
  };
  // Between two calls a window may end, but not between three.
  const [one, two, three] = [await ask(), await ask(), await ask()];
  expect([one, three]).toContainEqual(two);
});
