import '../harness/place.ts';
import { expect, test } from 'vitest';
import { UUID } from '../../src/data/ids.ts';
import { Image } from '../../src/models/media/image.ts';
import { Track } from '../../src/models/media/track.ts';
import { checkSettings } from '../../src/services/exports/settings.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { stored } from '../harness/stored.ts';
import { projectWithTrack } from './given.ts';

place({ worker: false });

interface Refused extends Doc {
  errors: { path: string; message: string }[];
}

const refusal = async (person: Person, body: object) => {
  const { status, body: problem } = await person.post<Refused>('/v1/exports', body);
  expect(status).toBe(422);
  return problem.errors.map(({ path }) => path).toSorted();
};

test('every fault of settings is told at once, media that are missing too', async () => {
  const alice = await given.user();
  const [project, stranger] = [await projectWithTrack(alice), await given.user()];
  const theirs = await stored(Track, stranger, { status: 'READY' });
  const settings = {
    clips: [{ track: theirs, from: -1 }, { audio: 'no id' }, {}, { track: theirs, from: 3, to: 2 }],
    ...{ crossfade: 31, loudness: { target: 0 }, quality: 'BEST', unknown: 1 },
    tags: { title: 'x'.repeat(256), other: 'x' },
  };
  expect(await refusal(alice, { project, format: 'MP3', settings })).toEqual(
    [
      ...[
        'clips.0.from',
        'clips.0.track',
        'clips.1.audio',
        'clips.2',
        'clips.3.to',
        'clips.3.track',
      ],
      ...['crossfade', 'loudness.target', 'quality', 'tags.other', 'tags.title', 'unknown'],
    ].map((path) => `settings.${path}`),
  );
});

test('lengths that do not fit are faults before any work', async () => {
  const alice = await given.user();
  const project = await projectWithTrack(alice); // of 10 s
  const { body } = await alice.get<{ data: Doc[] }>(`/v1/tracks?project=${project}`);
  const track = body.data[0]?.id;
  const clips = [
    { track, from: 11 },
    { track, to: 12 },
    { track, to: 2, fadeIn: 3 },
  ];
  const faults = await refusal(alice, {
    project,
    format: 'WAV',
    settings: { clips, crossfade: 2 },
  });
  expect(new Set(faults)).toEqual(
    new Set([
      'settings.clips.0.from',
      'settings.clips.1.to',
      'settings.clips.2',
      'settings.crossfade',
    ]),
  );
  const many = Array.from({ length: 300 }, () => ({ track }));
  expect(await refusal(alice, { project, format: 'WAV', settings: { clips: many } })).toEqual([
    'settings.clips',
  ]);
  const mix = { clips: many.slice(0, 60), arrangement: 'MIX' };
  expect(await refusal(alice, { project, format: 'WAV', settings: mix })).toEqual([
    'settings.clips',
  ]);
});

test('a clip crosses with others at one end or at both, and is long enough for that', async () => {
  const alice = await given.user();
  const project = await projectWithTrack(alice);
  const { body } = await alice.get<{ data: Doc[] }>(`/v1/tracks?project=${project}`);
  const crossed = async (lengths: number[], crossfade: number) => {
    const clips = lengths.map((to) => ({ track: body.data[0]?.id, to }));
    const asked = { project, format: 'WAV', settings: { clips, crossfade } };
    const { status, body: answer } = await alice.post<Refused & { durationSeconds: number }>(
      ...(['/v1/exports/estimate', asked] as const),
    );
    return status === 200 ? answer.durationSeconds : answer.errors.map(({ message }) => message);
  };
  expect(await crossed([6, 4], 3)).toBe(7);
  expect(await crossed([4, 4], 4)).toBe(4);
  expect(await crossed([3, 6, 3], 3)).toBe(6);
  expect(await crossed([2], 3)).toBe(2);
  expect(await crossed([6, 2.9], 3)).toEqual(['is more than clip 1, 2.9 s']);
  expect(await crossed([3, 5.9, 3], 3)).toEqual(['is more than half of clip 1, 5.9 s']);
});

test('hostile titles and lyrics of an MP4 are refused', async () => {
  const alice = await given.user();
  const project = await projectWithTrack(alice);
  const settings = {
    titles: [{ text: '😀'.repeat(10_000) }, { text: 'late', from: 20, to: 30 }],
    lyrics: { format: 'SRT', text: '1\n00:00:00,000 --> 00:00:01,000\nx\n\n'.repeat(3000) },
    ...{ fps: 1000, aspectRatio: '1:100', picture: { type: 'SLIDESHOW', images: [] } },
  };
  expect(await refusal(alice, { project, format: 'MP4', settings })).toEqual([
    ...[
      'settings.aspectRatio',
      'settings.fps',
      'settings.lyrics.text',
      'settings.picture.images',
      'settings.titles.0.text',
      'settings.titles.1.from',
    ],
  ]);
  const rest = { titles: settings.titles.slice(1), lyrics: settings.lyrics };
  expect(await refusal(alice, { project, format: 'MP4', settings: rest })).toEqual([
    ...['settings.lyrics.text', 'settings.titles.0.from'],
  ]);
  const large = { tags: { title: 'x' }, lyrics: { format: 'LRC', text: 'x'.repeat(262_144) } };
  expect(await refusal(alice, { project, format: 'MP4', settings: large })).toEqual(['settings']);
});

test('titles and tags with control characters are refused; line feeds are none', async () => {
  const alice = await given.user();
  const project = await projectWithTrack(alice);
  for (const control of ['\r', '\0', '\u0085', '\u2028', '\u2029', '\x1b', '\x7f', '\ud800']) {
    const text = `a${control}b=c`;
    const settings = { titles: [{ text }], tags: { title: text, comment: text } };
    expect(await refusal(alice, { project, format: 'MP4', settings })).toEqual([
      ...['settings.tags.comment', 'settings.tags.title', 'settings.titles.0.text'],
    ]);
  }
  const settings = { titles: [{ text: 'a\nb' }], tags: { comment: 'a\r\nb' } };
  expect(
    (await alice.post('/v1/exports/estimate', { project, format: 'MP4', settings })).status,
  ).toBe(200);
});

test('a project without tracks, or with a track that is not ready, cannot be exported as sound', async () => {
  const alice = await given.user();
  const { id: project } = await alice.project();
  await alice.track({ project });
  expect(await refusal(alice, { project, format: 'MP3' })).toEqual(['project']);
  const missing = '01a2265f-acef-7000-b7a5-f0024d627abb';
  expect(
    await refusal(alice, { project: missing, format: 'ZIP', settings: { contents: 'X' } }),
  ).toEqual([...['project', 'settings.contents']]);
});

test('as many clips, pictures and titles are taken as are promised, and one more is told by its place', async () => {
  const alice = await given.user();
  const project = await projectWithTrack(alice);
  const { body } = await alice.get<{ data: Doc[] }>(`/v1/tracks?project=${project}`);
  const track = body.data[0]?.id;
  const image = await stored(Image, alice, {
    ...{ project: new UUID(project), status: 'READY', object: { etag: 'none' } },
    filePath: 'nowhere',
  });
  const clip = { track, from: 0, to: 9, gain: 0, fadeIn: 0, fadeOut: 0, at: 0 };
  const title = { text: 'x', from: 0, to: 1, position: 'TOP' };
  const settings = (clips: number) => ({
    clips: Array.from({ length: clips }, () => clip),
    titles: Array.from({ length: 50 }, () => title),
    picture: {
      type: 'SLIDESHOW',
      images: Array.from({ length: 100 }, () => ({ image, seconds: 1 })),
    },
  });
  const most = { project, format: 'MP4', settings: settings(200) };
  expect((await alice.post('/v1/exports/estimate', most)).status).toBe(200);
  expect((await alice.post('/v1/exports', most)).status).toBe(202);
  const { project: _, ...input } = most;
  const asJob = { type: 'export', project, input };
  expect((await alice.post('/v1/jobs/estimate', { type: 'export', input: most })).status).toBe(200);
  expect((await alice.post('/v1/jobs', asJob)).status).toBe(202);
  const more = { project, format: 'MP4', settings: settings(500) };
  expect(await refusal(alice, more)).toEqual(['settings.clips']);
});

test('a title without an end stays for five seconds, whenever it begins', () => {
  const titles = [
    { text: 'first' },
    { text: 'late', from: 61.5 },
    { text: 'given', from: 7, to: 8 },
  ];
  const { settings, faults } = checkSettings('MP4', { titles });
  expect(faults).toEqual([]);
  expect(settings.titles.map(({ from, to }) => [from, to])).toEqual([
    [0, 5],
    [61.5, 66.5],
    [7, 8],
  ]);
  const wrong = checkSettings('MP4', {
    titles: [
      { text: 'x', from: 'y' },
      { text: 'x', from: 9, to: 9 },
    ],
  });
  expect(wrong.faults.map(({ path }) => path)).toEqual([
    'settings.titles.0.from',
    'settings.titles.1.to',
  ]);
});

test('titles and lyrics with characters that no font has are refused by their names', async () => {
  const alice = await given.user();
  const project = await projectWithTrack(alice);
  const settings = {
    titles: [{ text: 'fine' }, { text: 'བོད' }],
    lyrics: { format: 'LRC', text: '[00:01.00]ᏣᎳᎩ\n[00:99.00]བོད' },
  };
  const { status, body } = await alice.post<Refused>('/v1/exports', {
    project,
    format: 'MP4',
    settings,
  });
  expect(status).toBe(422);
  expect(body.errors.map(({ path, message }) => [path, message.match(/U\+\w+/g)])).toEqual([
    ['settings.lyrics.text', ['U+13E3', 'U+13B3', 'U+13A9']],
    ['settings.titles.1.text', ['U+0F56', 'U+0F7C', 'U+0F51']],
  ]);
  const { body: tracks } = await alice.get<{ data: Doc[] }>(`/v1/tracks?project=${project}`);
  await alice.patch(`/v1/tracks/${tracks.data[0]?.id}`, { lyrics: '[00:01.00]ᏣᎳᎩ' });
  const own = { lyrics: { source: 'TRACK' } };
  expect(await refusal(alice, { project, format: 'MP4', settings: own })).toEqual([
    'settings.lyrics',
  ]);
});

test('an estimate tells what an export takes, and starts nothing', async () => {
  const alice = await given.user();
  const project = await projectWithTrack(alice);
  const at = '/v1/exports/estimate';
  const wav = await alice.post<Doc>(at, { project, format: 'WAV', settings: { bitDepth: 16 } });
  expect(wav.status).toBe(200);
  expect(wav.body).toEqual({
    seconds: expect.any(Number),
    bytes: 10 * 44_100 * 4,
    durationSeconds: 10,
    credits: 0,
    priceVersion: 'free',
  });
  const mp4 = await alice.post<Doc>(at, { project, format: 'MP4' });
  expect(Number(mp4.body.seconds)).toBeGreaterThan(Number(wav.body.seconds));
  expect((await alice.post(at, { project, format: 'WAV', settings: { x: 1 } })).status).toBe(422);
  expect((await alice.get<{ data: Doc[] }>('/v1/exports')).body.data).toEqual([]);
});

test('a fault hides none of another part: lengths, lyrics, later clips, another field', async () => {
  const alice = await given.user();
  const project = await projectWithTrack(alice); // of 10 s
  const { body } = await alice.get<{ data: Doc[] }>(`/v1/tracks?project=${project}`);
  const track = body.data[0]?.id;
  const missing = '00000000-0000-7000-8000-000000000000';
  const lyrics = { format: 'LRC', text: 'no times' };
  const asks = (more: object, at: object = { project }) =>
    refusal(alice, { ...at, format: 'MP4', settings: { lyrics, ...more } });
  const clip = { track, gain: 99, fadeIn: 6, fadeOut: 6 };
  const within = (...paths: string[]) => paths.map((path) => `settings.${path}`);
  expect(await asks({ fps: 23, crossfade: 11, clips: [clip, { track, to: 12 }] })).toEqual(
    within('clips.0', 'clips.0.gain', 'clips.1.to', 'crossfade', 'crossfade', 'fps', 'lyrics.text'),
  );
  // What is missing may be of any length, so nothing is said of where it ends.
  const titles = [{ text: 'late', from: 15, to: 16 }, { text: 1 }];
  expect(await asks({ clips: [{ track: missing }, { track, from: 99 }], titles })).toEqual(
    within('clips.0.track', 'clips.1.from', 'lyrics.text', 'titles.1.text'),
  );
  expect(await asks({ clips: [{}, { track, to: 99 }], arrangement: 'MIX', crossfade: 1 })).toEqual(
    within('clips.0', 'clips.1.to', 'crossfade', 'lyrics.text'),
  );
  const videos = [{ video: missing, from: 5 }];
  expect(await asks({ picture: { type: 'VIDEOS', videos }, fps: 1 })).toEqual(
    within('fps', 'lyrics.text', 'picture.videos.0.video'),
  );
  for (const at of [{ project: 'nope' }, { project: missing }, {}])
    expect(await asks({ clips: [{ track, from: 99 }], fps: 23 }, at)).toEqual([
      'project',
      ...within('clips.0.from', 'fps', 'lyrics.text'),
    ]);
  // Without a project nothing is said of what it has.
  expect(await asks({ picture: { type: 'SLIDESHOW' } }, {})).toEqual([
    'project',
    'settings.lyrics.text',
  ]);
  expect(await asks({ titles, clips: 1, picture: { type: 'FILM' } })).toEqual(
    within('clips', 'lyrics.text', 'picture.type', 'titles.1.text'),
  );
});

test('settings of whatever form are refused, and are no error of ours', async () => {
  const alice = await given.user();
  const project = await projectWithTrack(alice);
  const keys = ['clips', 'titles', 'lyrics', 'picture', 'arrangement', 'crossfade', 'loudness'];
  const odd = [
    null,
    1,
    'x',
    [],
    {},
    [null],
    [[]],
    [{}],
    { 0: {} },
    [{ from: {}, text: [] }],
    {
      type: 'VIDEOS',
      videos: [null, { video: 1, from: [] }],
      images: {},
    },
  ];
  for (const value of odd) {
    const settings = Object.fromEntries(keys.map((key) => [key, value]));
    for (const format of ['MP4', 'MP3', 'ZIP'])
      expect((await refusal(alice, { project, format, settings })).length).toBeGreaterThan(0);
  }
});
