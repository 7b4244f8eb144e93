import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  parseKey,
  weighKey,
  weighTempo,
} from '../../../src/services/media/audio/analysis/tagged.ts';
import { pickMusicTags } from '../../../src/services/media/audio/music-tags.ts';
import { processed, type Studio, studio } from '../../samples/audio.ts';
import { C2PA_BOX, JUMBF } from '../../samples/origin.ts';

let made: Studio;
beforeAll(async () => {
  made = await studio();
});
afterAll(() => made[Symbol.asyncDispose]());

const TONE = ['-f', 'lavfi', '-i', 'sine=d=1'];
const PROMPT = '{"3": {"class_type": "KSampler", "inputs": {"seed": 18446744073709551557}}}';
const WORKFLOW = '{"last_node_id": 9, "nodes": []}';
const UUID = '11111111-2222-3333-4444-555555555555';

function tagged(name: string, tags: Record<string, string>, ...more: string[]): Promise<string> {
  const options = Object.entries(tags).flatMap(([key, value]) => ['-metadata', `${key}=${value}`]);
  return made.make(name, ...TONE, ...options, ...more);
}

test.for(['a.flac', 'a.mp3', 'a.ogg', 'a.opus', 'a.m4a'])(
  'the graph of ComfyUI in %s is told as it was written',
  async (name) => {
    const more = name === 'a.m4a' ? ['-movflags', 'use_metadata_tags'] : [];
    const { metadata } = await processed(
      await tagged(name, { prompt: PROMPT, workflow: WORKFLOW }, ...more),
    );
    expect(metadata).toMatchObject({ generator: 'ComfyUI', prompt: PROMPT, workflow: WORKFLOW });
  },
);

const DJ = {
  ...{ TBPM: '174', TKEY: '8A', TSRC: 'USABC1234567', TPUB: 'Label', TPE4: 'Remixer' },
  ...{ TMOO: 'Dark', 'MusicBrainz Album Id': UUID, 'MusicBrainz Artist Id': UUID },
  ...{ REPLAYGAIN_TRACK_GAIN: '-7.50 dB', REPLAYGAIN_TRACK_PEAK: '0.988525' },
  ...{ CATALOGNUMBER: 'C1', BARCODE: '4006381333931' },
};
const VORBIS = {
  ...{ BPM: '174', INITIALKEY: '8A', ISRC: 'USABC1234567', LABEL: 'Label', REMIXER: 'Remixer' },
  ...{ MOOD: 'Dark', MUSICBRAINZ_ALBUMID: UUID, MUSICBRAINZ_ARTISTID: UUID },
  ...{ REPLAYGAIN_TRACK_GAIN: '-7.50 dB', REPLAYGAIN_TRACK_PEAK: '0.988525' },
  ...{ CATALOGNUMBER: 'C1', BARCODE: '4006381333931' },
};

test.for([
  ['dj.mp3', DJ],
  ['dj.flac', VORBIS],
  ['dj.ogg', VORBIS],
] as const)('tempo, key, ids and gains of %s are told', async ([name, tags]) => {
  const { metadata, analysis } = await processed(await tagged(name, tags));
  expect(metadata).toMatchObject({
    ...{ bpm: 174, key: '8A', isrc: 'USABC1234567', label: 'Label', remixer: 'Remixer' },
    ...{ mood: 'Dark', catalogNumber: 'C1', barcode: '4006381333931' },
    musicBrainz: { releaseId: UUID, artistIds: [UUID] },
    replayGain: { trackGainDb: -7.5, trackPeak: 0.988525 },
  });
  // A second of a sine says nothing of tempo and key, so the tags do.
  expect(analysis).toMatchObject({ bpm: 174, key: 'A', scale: 'MINOR' });
  expect(analysis.algorithms).toMatchObject({
    bpm: expect.stringMatching(/^tag\+/),
    key: expect.stringMatching(/^tag\+/),
  });
});

test('the gain of an Opus file is told on the scale of ReplayGain', async () => {
  const { metadata } = await processed(await tagged('gain.opus', { R128_TRACK_GAIN: '-1536' }));
  expect(metadata.replayGain).toEqual({ trackGainDb: -1 });
});

test('tags of nonsense are left out', async () => {
  const { metadata } = await processed(
    await tagged('nonsense.mp3', {
      ...{
        TBPM: '99999',
        'MusicBrainz Album Id': 'none',
        REPLAYGAIN_TRACK_GAIN: 'loud',
        TIT3: 'Mix',
      },
    }),
  );
  for (const name of ['bpm', 'musicBrainz', 'replayGain'])
    expect(metadata).not.toHaveProperty(name);
});

test('a gain with much space in it does not hold up others', () => {
  const value = `1${' '.repeat(300_000)}x`;
  const start = performance.now();
  expect(pickMusicTags({} as never, { vorbis: [{ id: 'REPLAYGAIN_TRACK_GAIN', value }] })).toEqual(
    pickMusicTags({} as never, {}),
  );
  expect(performance.now() - start).toBeLessThan(5000);
});

test('a tag decides between a tempo and its double, and never against a sure measurement', () => {
  const measured = { bpm: 87.2, bpmConfidence: 0.5 };
  expect(weighTempo(measured, 174)).toEqual({ bpm: 174, bpmConfidence: 0.9, isTagged: true });
  expect(weighTempo(measured, 120)).toEqual({ ...measured, isTagged: false });
  expect(weighTempo({ bpm: 87.2, bpmConfidence: 0.1 }, 120)).toMatchObject({ bpm: 120 });
  expect(weighTempo(measured, undefined)).toEqual({ ...measured, isTagged: false });
  const key = { key: 'C', scale: 'MAJOR', keyConfidence: 0.4 } as const;
  expect(weighKey(key, 'Am')).toMatchObject({ key: 'A', scale: 'MINOR', isTagged: true });
  expect(weighKey(key, 'F#')).toEqual({ ...key, isTagged: false });
  expect(weighKey(key, 'loud')).toEqual({ ...key, isTagged: false });
});

test.for([
  ['Am', 'A', 'MINOR'],
  ['C', 'C', 'MAJOR'],
  ['F# minor', 'F#', 'MINOR'],
  ['Bb', 'A#', 'MAJOR'],
  ['Db maj', 'C#', 'MAJOR'],
  ['Cb', 'B', 'MAJOR'],
  ['8A', 'A', 'MINOR'],
  ['8B', 'C', 'MAJOR'],
  ['1A', 'G#', 'MINOR'],
  ['12B', 'E', 'MAJOR'],
  ['1m', 'A', 'MINOR'],
  ['2d', 'G', 'MAJOR'],
])('the key %s is %s %s', ([text, key, scale]) => {
  expect(parseKey(text ?? '')).toEqual({ key, scale });
});

test('content credentials are found in songs', async () => {
  const read = async (name: string) => readFile(await made.make(name, ...TONE));
  const frame = Buffer.concat([
    Buffer.from('GEOB\0\0\0\0\0\0', 'latin1'),
    Buffer.from('\0application/c2pa\0c2pa\0c2pa manifest store\0', 'latin1'),
    JUMBF,
  ]);
  frame.writeUInt32BE(frame.length - 10, 4);
  const tag = Buffer.concat([Buffer.from('ID3\x03\0\0\0\0\0\0', 'latin1'), frame]);
  for (let n = 0; n < 4; n++) tag[6 + n] = (frame.length >> (7 * (3 - n))) & 0x7f;
  const wav = await read('plain.wav');
  const chunk = Buffer.concat([Buffer.from('C2PA\0\0\0\0', 'latin1'), JUMBF]);
  chunk.writeUInt32LE(JUMBF.length, 4);
  const padded = Buffer.concat([wav, chunk, Buffer.alloc(JUMBF.length % 2)]);
  padded.writeUInt32LE(padded.length - 8, 4);
  const files: [string, Buffer][] = [
    ['c.mp3', Buffer.concat([tag, await read('plain.mp3')])],
    ['c.flac', Buffer.concat([tag, await read('plain.flac')])],
    ['c.wav', padded],
    ['c.m4a', Buffer.concat([await read('plain.m4a'), C2PA_BOX])],
  ];
  for (const [name, bytes] of files) {
    const { metadata } = await processed(await made.write(name, bytes));
    expect(metadata, name).toMatchObject({ c2pa: true });
  }
  expect((await processed(await made.write('none.wav', wav))).metadata).not.toHaveProperty('c2pa');
});
