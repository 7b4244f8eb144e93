import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Container } from '../../../../src/services/media/video/containers/container.ts';
import { readVideoTags } from '../../../../src/services/media/video/tags/video-tags.ts';
import { box, type Studio, studio } from '../../../samples/audio.ts';
import { withBoxes } from '../../../samples/mp4-edit.ts';
import { C2PA_BOX, xmpOf } from '../../../samples/origin.ts';
import { ENCODED, processedVideo, silent } from '../../../samples/videos.ts';

let made: Studio;
let clip: string;
beforeAll(async () => {
  made = await studio();
  clip = await made.make('clip.mp4', ...silent('160x90', 1, '10'), ...(ENCODED.h264 ?? []));
});
afterAll(() => made[Symbol.asyncDispose]());

const PROMPT = '{"3": {"class_type": "KSampler", "inputs": {"seed": 18446744073709551557}}}';
const WORKFLOW = '{"last_node_id": 9, "nodes": []}';
const COMFY = { generator: 'ComfyUI', prompt: PROMPT, workflow: WORKFLOW };

async function metadataOf(path: string) {
  return (await processedVideo(path)).metadata as Record<string, unknown>;
}

/** The clip with these texts, copied into another container. */
function tagged(name: string, tags: Record<string, string>, ...more: string[]): Promise<string> {
  const options = Object.entries(tags).flatMap(([key, value]) => ['-metadata', `${key}=${value}`]);
  const codec = name.endsWith('.webm') ? (ENCODED.vp8 ?? []) : ['-c', 'copy'];
  return made.make(name, '-i', clip, ...codec, ...options, ...more);
}

const BY_KEYS = ['-movflags', 'use_metadata_tags'];

test.for(['keys.mp4', 'keys.mov', 'tags.webm', 'tags.mkv'])(
  'the graph of ComfyUI in %s is told as it was written',
  async (name) => {
    const path = await tagged(name, { prompt: PROMPT, workflow: WORKFLOW }, ...BY_KEYS);
    expect(await metadataOf(path)).toMatchObject(COMFY);
  },
);

test.for(['comment.mp4', 'comment.mov', 'comment.webm'])(
  'a graph in the comment of %s is told, and is no comment',
  async (name) => {
    const comment = `{"prompt": ${JSON.stringify(PROMPT)}, "workflow": ${WORKFLOW}}`;
    const metadata = await metadataOf(await tagged(name, { comment }));
    expect(metadata).toMatchObject({ generator: 'ComfyUI', prompt: PROMPT });
    expect(JSON.parse(String(metadata.workflow))).toEqual(JSON.parse(WORKFLOW));
    expect(metadata).not.toHaveProperty('comment');
  },
);

test.for(['film.mp4', 'film.mov', 'film.webm', 'film.mkv'])(
  'title, artist and date of %s are told',
  async (name) => {
    const tags = { title: 'Überfahrt', artist: 'Ada', date: '2026-05-01' };
    expect(await metadataOf(await tagged(name, tags))).toMatchObject(tags);
  },
);

test('texts of zeros in a Matroska file do not hold up others', async () => {
  const long = 'z'.repeat(120_000);
  const names = ['artist', 'comment', 'description', 'synopsis'];
  const path = await tagged('zeros.mkv', Object.fromEntries(names.map((name) => [name, long])));
  const bytes = (await readFile(path)).toString('latin1');
  await writeFile(path, bytes.replaceAll(long, `${'\0'.repeat(119_999)}z`), 'latin1');
  const start = performance.now();
  await readVideoTags(path, { demuxer: 'matroska' } as Container, AbortSignal.timeout(60_000));
  expect(performance.now() - start).toBeLessThan(5000);
});

test('make and model of a phone are told, and when it filmed', async () => {
  const apple = {
    'com.apple.quicktime.make': 'Apple',
    'com.apple.quicktime.model': 'iPhone 15',
    'com.apple.quicktime.creationdate': '2026-05-01T12:00:00+0200',
    'com.apple.quicktime.location.ISO6709': '+52.5163+013.3777+034/',
  };
  const metadata = await metadataOf(await tagged('phone.mov', apple, ...BY_KEYS));
  expect(metadata).toEqual({
    ...{ make: 'Apple', model: 'iPhone 15', date: '2026-05-01T12:00:00+0200' },
  });
  const camera = await tagged('camera.mov', { make: 'Canon', model: 'R5' });
  expect(await metadataOf(camera)).toMatchObject({ make: 'Canon', model: 'R5' });
  const android = await tagged('android.mp4', { creation_time: '2026-05-01T10:00:00Z' });
  expect(await metadataOf(android)).toEqual({ date: '2026-05-01T10:00:00Z' });
});

test.for([
  '+52.5163+013.3777/',
  'ISO 100, GPS (13.3777, 52.5163, 19)',
  'lat: 52.5163 lon: 13.3777',
])('a place is never told, wherever it is written: %s', async (place) => {
  const tags = { location: place, comment: place, description: place, title: place };
  for (const name of ['place.mp4', 'place.mov', 'place.mkv'])
    expect(JSON.stringify(await metadataOf(await tagged(name, tags)))).not.toMatch(/52\.51/);
});

test('content credentials and the kind of source of an MP4 are told', async () => {
  const type = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia';
  const xmp = xmpOf(`<Iptc4xmpExt:DigitalSourceType>${type}</Iptc4xmpExt:DigitalSourceType>`);
  const id = Buffer.from('be7acfcb97a942e89c71999491e3afac', 'hex');
  const bytes = Buffer.concat([await readFile(clip), C2PA_BOX, box('uuid', id, Buffer.from(xmp))]);
  expect(await metadataOf(await made.write('credentials.mp4', bytes))).toEqual({
    ...{ c2pa: true, digitalSourceType: 'trainedAlgorithmicMedia' },
  });
});

test('broken and endless tags are left out, and the video is READY', async () => {
  const path = await tagged('broken.mp4', { title: 'Überfahrt' });
  const bytes = withBoxes(await readFile(path), ['moov', 'udta', 'meta'], () =>
    Buffer.alloc(900, 7),
  );
  expect(await metadataOf(await made.write('noise.mp4', bytes))).toEqual({});
  const long = await tagged('long.mp4', { title: 'x'.repeat(90_000), comment: 'y'.repeat(90_000) });
  const { title, comment } = await metadataOf(long);
  expect([String(title).length, String(comment).length]).toEqual([255, 1000]);
});

test('a video that says nothing of itself has no such facts', async () => {
  expect(await metadataOf(clip)).toEqual({});
});
