import '../../harness/place.ts';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { given, type MediaKind, type Person, type Track } from '../../harness/given.ts';
import { type Studio, studio } from '../../samples/audio.ts';
import { readByFfmpeg, readBySharp } from '../../samples/independent.ts';
import {
  type OrdinaryFile,
  ordinaryAudios,
  ordinaryImages,
  ordinaryVideos,
} from '../../samples/ordinary.ts';
import { type Row, table } from '../../samples/table.ts';
import { framesOf } from '../../samples/videos.ts';

// Files as people have them go through all of it: upload, S3's event, worker. What was found in them is
// compared with what another reader finds. Of what came out a table is made, docs/media-formats.md.

const DOCUMENT = 'docs/media-formats.md';
const files = [...ordinaryVideos, ...ordinaryAudios, ...ordinaryImages];
const rows = new Map<OrdinaryFile, Row>();

let made: Studio;
let alice: Person;
beforeAll(async () => {
  [made, alice] = await Promise.all([studio(), given.user()]);
});
afterAll(() => made[Symbol.asyncDispose]());

test('there are at least 60, by at least 10 encoders', () => {
  expect(files.length).toBeGreaterThanOrEqual(60);
  expect(new Set(files.flatMap(({ encoders }) => encoders)).size).toBeGreaterThanOrEqual(10);
});

test.concurrent.for(files)(
  '$name is READY, with the facts that another reader finds',
  async (file, { expect }) => {
    const path = made.path(file.name);
    await file.make(path);
    const row = await processed(file, path);
    rows.set(file, row);
    const wrong = Object.entries({ ...row.facts, ...row.derivatives }).filter(([, is]) => !is);
    expect(wrong, JSON.stringify(row.found)).toEqual([]);
  },
);

/** A folder of files that cannot be part of this project: all of them are treated alike. */
const samples = process.env.MEDIA_SAMPLES;

test.runIf(samples)('all of the folder MEDIA_SAMPLES are, too', { timeout: 600_000 }, async () => {
  const folder = samples as string;
  let seen = 0;
  for (const name of await readdir(folder)) {
    const kind = KINDS[extname(name).slice(1).toLowerCase()]?.[0];
    if (!kind) continue;
    const file = { kind, name, encoders: ['?'], make: async () => {} };
    const { facts, derivatives, found } = await processed(file, join(folder, name));
    const wrong = Object.entries({ ...facts, ...derivatives }).filter(([, is]) => !is);
    expect(wrong, `${name} ${JSON.stringify(found)}`).toEqual([]);
    seen += 1;
  }
  expect(seen).toBeGreaterThan(0);
});

test('the table of formats is what came out', async () => {
  const text = table(files.flatMap((file) => rows.get(file) ?? []));
  if (process.env.WRITE_TABLE) {
    await writeFile(DOCUMENT, text);
    console.log(text);
  }
  expect(await readFile(DOCUMENT, 'utf8'), 'Run "npm run test:formats".').toBe(text);
});

/** What files are by their names: the kind, the type that is declared, and the one that is found. */
const KINDS: Record<string, [MediaKind, string]> = {
  mp4: ['videos', 'video/mp4'],
  mov: ['videos', 'video/quicktime'],
  webm: ['videos', 'video/webm'],
  mkv: ['videos', 'video/x-matroska'],
  mp3: ['tracks', 'audio/mpeg'],
  wav: ['tracks', 'audio/wav'],
  flac: ['tracks', 'audio/flac'],
  aiff: ['tracks', 'audio/aiff'],
  aifc: ['tracks', 'audio/aiff'],
  caf: ['audios', 'audio/x-caf'],
  au: ['audios', 'audio/basic'],
  amr: ['audios', 'audio/amr'],
  weba: ['audios', 'audio/webm'],
  mka: ['tracks', 'audio/x-matroska'],
  ogg: ['tracks', 'audio/ogg'],
  opus: ['tracks', 'audio/ogg'],
  m4a: ['tracks', 'audio/mp4'],
  aac: ['tracks', 'audio/aac'],
  jpg: ['images', 'image/jpeg'],
  png: ['images', 'image/png'],
  webp: ['images', 'image/webp'],
  avif: ['images', 'image/avif'],
  heic: ['images', 'image/heic'],
  gif: ['images', 'image/gif'],
  tif: ['images', 'image/tiff'],
};

async function processed(file: OrdinaryFile, path: string): Promise<Row> {
  const { kind, name } = file;
  const [, contentType = ''] = KINDS[extname(name).slice(1).toLowerCase()] ?? [];
  const sent = await alice.uploads(await readFile(path), { fileName: name, contentType }, kind);
  const found = await alice.waitsFor(sent, 'READY', 100_000, kind);
  const facts =
    kind === 'images'
      ? await imageFacts(path, found)
      : kind === 'videos'
        ? await videoFacts(path, found)
        : await audioFacts(path, found);
  const type = found.contentType === contentType;
  const derivatives = Object.fromEntries(
    (found.derivatives ?? []).map((one) => [one.name, one.status === 'READY' && one.size > 0]),
  );
  return { file, found, facts: { type, ...facts }, derivatives };
}

/** Within 0.05 s, or 1 %. */
function near(ours: unknown, theirs: number): boolean {
  return Math.abs(Number(ours) - theirs) <= Math.max(0.05, theirs / 100);
}

async function videoFacts(path: string, { video, audio }: Track): Promise<Row['facts']> {
  const [ours, heard] = [video as Facts, audio as Facts | undefined];
  const theirs = await readByFfmpeg(path);
  return {
    duration: near(ours.durationSeconds, theirs.seconds),
    size: ours.width === theirs.video?.width && ours.height === theirs.video?.height,
    rotation: ours.rotation === theirs.video?.rotation,
    // A single picture has none, whatever a reader guesses.
    'frame rate':
      ours.frameRate === undefined
        ? (await framesOf(path)).length === 1
        : (theirs.video?.frameRates ?? []).some(
            (rate) => Math.abs(Number(ours.frameRate) - rate) < 0.02,
          ),
    codec: ours.codec === theirs.video?.codec,
    ...(theirs.audio && {
      'sound’s codec': sameCodec(heard?.codec, theirs.audio.codec),
      channels: heard?.channels === theirs.audio.channels,
      'sample rate': heard?.sampleRate === theirs.audio.sampleRate,
    }),
    ...(!theirs.audio && { 'no sound': ours.hasAudio === false && heard === undefined }),
  };
}

async function audioFacts(path: string, { audio }: Track): Promise<Row['facts']> {
  const ours = audio as unknown as Facts;
  const theirs = await readByFfmpeg(path);
  return {
    duration: near(ours.durationSeconds, theirs.seconds),
    codec: ours.codec === theirs.audio?.codec,
    channels: ours.channels === theirs.audio?.channels,
    'sample rate': ours.sampleRate === theirs.audio?.sampleRate,
  };
}

async function imageFacts(path: string, { image }: Track): Promise<Row['facts']> {
  const ours = image as Facts;
  const theirs = await readBySharp(path);
  return {
    size: ours.width === theirs.width && ours.height === theirs.height,
    format: ours.format === theirs.format,
    orientation: ours.orientation === theirs.orientation,
    alpha: ours.hasAlpha === theirs.hasAlpha,
    frames: ours.frames === theirs.frames,
  };
}

type Facts = Record<string, unknown>;

/** Of PCM in some containers only its kind is told, not its sample format. */
function sameCodec(ours: unknown, theirs: string): boolean {
  return ours === theirs || (theirs.startsWith('pcm_') && theirs.startsWith(String(ours)));
}
