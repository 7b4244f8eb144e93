import '../harness/place.ts';
import { describe, expect, test } from 'vitest';
import { audios } from '../../functions/audios.ts';
import { images } from '../../functions/images.ts';
import { videos } from '../../functions/videos.ts';
import { AUDIO_CONTENT_TYPES } from '../../src/services/media/audio/limits.ts';
import { IMAGE_CONTENT_TYPES } from '../../src/services/media/image/limits.ts';
import { VIDEO_CONTENT_TYPES } from '../../src/services/media/video/limits.ts';
import { conforms } from '../conforms.ts';
import { newText, type Problem } from '../contract/held.ts';
import { given, type MediaKind, type Person } from '../harness/given.ts';
import { melody, wav } from '../samples/audio.ts';

const asRead = ({ upload, ...read }: Record<string, unknown>) => read;
const file = { name: 'Something', size: 1000 };
const projectOf = async (person: Person) => (await person.project()).id;

conforms(audios, {
  make: async (person) =>
    person.medium('audios', { project: await projectOf(person), kind: 'VOICE' }),
  body: async (person) => ({
    ...file,
    fileName: 'voice.mp3',
    contentType: 'audio/mpeg',
    project: await projectOf(person),
    kind: 'STEM',
  }),
  change: { name: 'Another', kind: 'EFFECT' },
  asRead,
});

conforms(images, {
  make: async (person) => person.medium('images', { project: await projectOf(person) }),
  body: async () => ({ ...file, fileName: 'cover.png', contentType: 'image/png' }),
  change: { name: 'Another', altText: 'A cat.' },
  asRead,
});

conforms(videos, {
  make: async (person) => {
    const { id: track, project } = await person.track();
    return person.medium('videos', { project, track });
  },
  body: async () => ({ ...file, fileName: 'clip.mp4', contentType: 'video/mp4' }),
  change: { name: 'Another', description: 'A clip.' },
  asRead,
});

const KINDS: [MediaKind, readonly string[]][] = [
  ['audios', AUDIO_CONTENT_TYPES],
  ['images', IMAGE_CONTENT_TYPES],
  ['videos', VIDEO_CONTENT_TYPES],
];

test('a recording becomes READY with what was heard in it, like a track', async () => {
  const alice = await given.user();
  const bytes = wav(melody([60, 62, 64, 65, 67, 69, 71, 72, 72, 71, 69, 67, 65, 64, 60], 4));
  const declared = { fileName: 'voice.wav', contentType: 'audio/wav' };
  const { id } = await alice.uploads(bytes, declared, 'audios');
  const ready = await alice.waitsFor({ id, status: '' }, 'READY', undefined, 'audios');
  expect(ready).toMatchObject({
    progress: 100,
    size: bytes.length,
    audio: { sampleRate: 44_100, channels: 1, lossless: true },
    analysis: { key: 'C', scale: 'MAJOR' },
  });
  for (const { name, size } of ready.derivatives ?? []) {
    const link = await alice.get<{ url: string }>(`/v1/audios/${id}/derivatives/${name}`);
    const got = await fetch(link.body.url);
    expect((await got.arrayBuffer()).byteLength, name).toBe(size);
  }
  expect(ready.derivatives?.map((d) => d.name)).toEqual(
    expect.arrayContaining(['waveform', 'preview']),
  );
  expect((await alice.post(`/v1/audios/${id}/reprocess`)).status).toBe(202);
  await alice.waitsFor(ready, 'READY', undefined, 'audios');
});

test('a media type may have parameters, as recorders of browsers add them', async () => {
  const alice = await given.user();
  for (const [kind, contentType, fileName] of [
    ['audios', 'audio/webm;codecs=opus', 'voice.webm'],
    ['audios', 'audio/ogg; codecs=opus', 'voice.ogg'],
    ['audios', 'audio/mp4;codecs=mp4a.40.2', 'voice.m4a'],
    ['videos', 'video/webm;codecs=vp9,opus', 'screen.webm'],
    ['videos', 'video/webm; codecs="vp8, opus"', 'screen.webm'],
    ['videos', 'video/x-m4v', 'clip.m4v'],
    ['images', 'image/tif', 'scan.tif'],
  ] as const) {
    const body = { name: 'A', fileName, contentType, size: 1000 };
    const { status } = await alice.post(`/v1/${kind}`, body);
    expect(status, contentType).toBe(201);
  }
  const wrong = { name: 'A', fileName: 'a.webm', contentType: 'video/webm;<b>', size: 1000 };
  expect((await alice.post('/v1/videos', wrong)).status).toBe(422);
});

describe.concurrent.each(KINDS)('%s', (kind, contentTypes) => {
  test('may be declared as what they can be, and as nothing else', async () => {
    const alice = await given.user();
    for (const contentType of contentTypes) {
      expect((await alice.medium(kind, { contentType })).contentType).toBe(contentType);
    }
    const others = KINDS.flatMap(([, types]) => types).filter((t) => !contentTypes.includes(t));
    for (const contentType of [others[0], 'text/html', 'application/octet-stream', '']) {
      const answer = await alice.post<Problem>(`/v1/${kind}`, {
        ...file,
        fileName: 'a.bin',
        contentType,
      });
      expect(answer.status, contentType).toBe(422);
      expect(new Set(answer.body.errors.map((e) => e.path))).toEqual(new Set(['contentType']));
    }
  });

  test('need no project, and move from one to another, and out of it', async () => {
    const alice = await given.user();
    const { id, project } = await alice.medium(kind);
    expect(project).toBeUndefined();
    const [one, two] = await Promise.all([projectOf(alice), projectOf(alice)]);
    const path = `/v1/${kind}/${id}`;
    const listed = async (of: string) =>
      (await alice.get<{ data: unknown[] }>(`/v1/${kind}?project=${of}`)).body.data.length;
    for (const to of [one, two]) {
      expect((await alice.patch(path, { project: to })).body.project).toBe(to);
    }
    expect([await listed(one), await listed(two)]).toEqual([0, 1]);
    expect((await alice.delete(`/v1/projects/${one}`)).status).toBe(204);
    expect((await alice.get(path)).status).toBe(200);
    expect((await alice.patch(path, { project: null })).body).not.toHaveProperty('project');
    expect((await alice.delete(`/v1/projects/${two}`)).status).toBe(204);
    expect((await alice.get(path)).status).toBe(200);
    await alice.patch(path, { project: await projectOf(alice) });
    const last = (await alice.get(path)).body.project;
    expect((await alice.delete(`/v1/projects/${last}`)).status).toBe(204);
    expect((await alice.get(path)).status).toBe(404);
  });

  test("do not move into a stranger's project, nor into none", async () => {
    const [alice, bob] = await Promise.all([given.user(), given.user()]);
    const project = await projectOf(alice);
    const { id } = await alice.medium(kind, { project });
    for (const to of [await projectOf(bob), newText()]) {
      const answer = await alice.patch<Problem>(`/v1/${kind}/${id}`, { project: to });
      expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: 'project' }] } });
    }
    expect((await alice.get(`/v1/${kind}/${id}`)).body.project).toBe(project);
  });
});
