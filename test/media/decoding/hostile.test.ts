import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MediaError } from '../../../src/services/media/media-error.ts';
import { noise, processed, type Studio, studio, wav, wavHead } from '../../samples/audio.ts';
import { hostileAudios } from '../../samples/hostile-audio.ts';

let made: Studio;
let m4a: Buffer;
beforeAll(async () => {
  made = await studio();
  m4a = await readFile(
    await made.make('good.m4a', '-f', 'lavfi', '-i', 'sine=d=20', '-c:a', 'aac'),
  );
});
afterAll(() => made[Symbol.asyncDispose]());

const refused = async (name: string, bytes: Uint8Array | string) =>
  processed(await made.write(name, bytes)).catch((error: unknown) => error);

test.for(hostileAudios)(
  '$name named song.mp3 is refused by what it is, or made anew',
  async (hostile) => {
    const path = made.path('song.mp3');
    await hostile.make(path);
    const end = await processed(path).catch((error: unknown) => error);
    if (end instanceof Error) {
      expect(end).toBeInstanceOf(MediaError);
      expect(hostile.expect).toContain((end as MediaError).code);
      expect(end.message).toMatch(hostile.says ?? /./);
    } else expect(hostile.expect).toContain('READY');
  },
);

test('an M4A that was cut off before its index is corrupt', async () => {
  expect(await refused('cut.m4a', m4a.subarray(0, m4a.length >> 1))).toMatchObject({
    code: 'CORRUPT_MEDIA',
  });
});

test('an MP4 of pictures alone has no audio, and one with both is a video', async () => {
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=64x64:d=1', '-c:v', 'mpeg4'];
  const mute = await made.make('mute.mp4', ...picture);
  await expect(processed(mute)).rejects.toMatchObject({ code: 'NO_AUDIO' });
  const film = await made.make(
    'film.mp4',
    '-f',
    'lavfi',
    '-i',
    'sine=d=1',
    ...picture,
    '-c:a',
    'aac',
  );
  await expect(processed(film)).rejects.toMatchObject({ code: 'UNSUPPORTED_MEDIA' });
});

test('a claim of 400,000 seconds is too long, whatever there is', async () => {
  const claimed = Buffer.concat([wavHead(4000, 3_200_123_458), noise(10_000)]);
  expect(await refused('long.wav', claimed)).toMatchObject({ code: 'TOO_LONG' });
  const inMp4 = Buffer.from(m4a);
  for (const name of ['mvhd', 'mdhd']) {
    const at = inMp4.indexOf(name) + 4;
    inMp4.writeUInt32BE((inMp4.readUInt32BE(at + 12) * 400_000) >>> 0, at + 16);
    inMp4.writeUInt32BE(1, at + 12);
    inMp4.writeUInt32BE(400_000, at + 16);
  }
  expect(await refused('long.m4a', inMp4)).toMatchObject({ code: 'TOO_LONG' });
});

test('what plays longer than it claims is stopped at the limit', async () => {
  const bytes = wav(new Float32Array(44_100 * 5).fill(0.1));
  bytes.writeUInt32LE(0xffff_ffff, 40);
  const path = await made.write('more.wav', bytes);
  await expect(processed(path, { limits: { seconds: 3 } })).rejects.toMatchObject({
    code: 'TOO_LONG',
  });
});

test('more bytes, streams, channels or samples a second than allowed are refused', async () => {
  const path = await made.make('eight.wav', '-f', 'lavfi', '-i', 'sine=d=1:r=96000', '-ac', '8');
  await expect(processed(path, { limits: { bytes: 1000 } })).rejects.toMatchObject({
    code: 'TOO_LARGE',
  });
  await expect(processed(path, { limits: { channels: 6 } })).rejects.toMatchObject({
    code: 'TOO_COMPLEX',
  });
  await expect(processed(path, { limits: { sampleRate: 48_000 } })).rejects.toMatchObject({
    code: 'TOO_COMPLEX',
  });
  const nine = Array.from({ length: 9 }, () => ['-map', '0:a']).flat();
  const many = await made.make('nine.m4a', '-f', 'lavfi', '-i', 'sine=d=1', ...nine, '-c:a', 'aac');
  await expect(processed(many)).rejects.toMatchObject({ code: 'TOO_COMPLEX' });
});

test('a WAV that was streamed, and so claims 4 GB or nothing, is an ordinary track', async () => {
  const bytes = wav(new Float32Array(44_100 * 2).fill(0.1));
  for (const claim of [0xffff_ffff, 0]) {
    bytes.writeUInt32LE(claim, 40);
    const path = await made.write('streamed.wav', bytes);
    expect(await processed(path)).toMatchObject({ audio: { durationSeconds: 2 }, warnings: [] });
  }
});

test('a track cut in half is what is left of it, with a warning where it promised more', async () => {
  for (const name of ['half.mp3', 'half.flac', 'half.ogg', 'half.wav']) {
    const codec = name === 'half.ogg' ? ['-c:a', 'libvorbis'] : [];
    const full = await readFile(
      await made.make(name, '-f', 'lavfi', '-i', 'anoisesrc=d=20:a=0.2', ...codec),
    );
    const path = await made.write(name, full.subarray(0, full.length >> 1));
    const { audio, warnings } = await processed(path);
    expect(audio.durationSeconds).toBeGreaterThan(8);
    expect(audio.durationSeconds).toBeLessThan(12);
    expect(warnings).toHaveLength(name === 'half.ogg' ? 0 : 1);
    if (name === 'half.flac' || name === 'half.wav') {
      const rest = await made.write(name, full.subarray(0, full.length / 10));
      await expect(processed(rest)).rejects.toMatchObject({ code: 'CORRUPT_MEDIA' });
    }
  }
});

test('a picture that is too large, broken or no picture is left out, and the track is not', async () => {
  const flac = await readFile(await made.make('plain.flac', '-f', 'lavfi', '-i', 'sine=d=2'));
  const jpegHead = Buffer.from(
    'ffd8ffe000104a46494600010100000100010000ffc0001108ffffffff03',
    'hex',
  );
  for (const picture of [noise(16_000_000), noise(2000), Buffer.concat([jpegHead, noise(900)])]) {
    const { audio, derivatives, warnings } = await processed(
      await made.write('p.flac', withPicture(flac, picture)),
    );
    expect(audio.durationSeconds).toBeCloseTo(2, 1);
    expect(derivatives.map(({ name }) => name)).toEqual(['waveform', 'preview']);
    expect(warnings).toEqual([expect.objectContaining({ code: 'COVER_OMITTED' })]);
  }
});

/** A FLAC file with a PICTURE block after its first one (RFC 9639 §8.8). */
function withPicture(flac: Buffer, picture: Buffer): Buffer {
  const fields = Buffer.alloc(32 + 10);
  fields.writeUInt32BE(3, 0);
  fields.writeUInt32BE(10, 4);
  fields.write('image/jpeg', 8);
  fields.writeUInt32BE(picture.length, 38);
  const head = Buffer.alloc(4);
  head.writeUInt32BE((6 << 24) | (fields.length + picture.length));
  return Buffer.concat([flac.subarray(0, 42), head, fields, picture, flac.subarray(42)]);
}
