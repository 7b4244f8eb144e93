import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AUDIO_CONTENT_TYPES, AUDIO_LIMITS } from '../../../src/services/media/audio/limits.ts';
import { sniffAudio } from '../../../src/services/media/audio/sniff.ts';
import { readTags } from '../../../src/services/media/audio/tags.ts';
import { openBounded } from '../../../src/services/media/bounded-file.ts';
import { MediaError } from '../../../src/services/media/media-error.ts';
import { noise, type Studio, studio } from '../../samples/audio.ts';

let made: Studio;
beforeAll(async () => {
  made = await studio();
});
afterAll(() => made[Symbol.asyncDispose]());

test('what is found may always be declared', () => {
  for (const type of [
    'audio/mpeg',
    'audio/wav',
    'audio/flac',
    'audio/ogg',
    'audio/mp4',
    'audio/aac',
  ]) {
    expect(AUDIO_CONTENT_TYPES).toContain(type);
  }
});

const NAMES = ['s.mp3', 's.wav', 's.flac', 's.ogg', 's.opus', 's.m4a', 's.aac'];

test.for(NAMES)('a damaged %s is understood or refused, never an accident', async (name) => {
  const good = await readFile(
    await made.make(name, '-f', 'lavfi', '-i', 'sine=d=1', '-metadata', 'title=Song'),
  );
  for (let seed = 1; seed <= 150; seed++) {
    const random = noise(16, seed * 7919);
    const bytes = Buffer.from(good);
    for (const [n, value] of random.subarray(0, 1 + (seed % 4)).entries()) {
      // Mostly in the headers, at either end, sometimes cut there.
      const at = random.readUInt16LE(4 + n * 2) % Math.min(bytes.length, 1500);
      bytes[seed % 3 === 0 ? bytes.length - 1 - at : at] = [value, 0, 0xff][seed % 3] ?? 0;
    }
    const cut = seed % 5 === 0 ? bytes.subarray(0, random.readUInt16LE(14) % bytes.length) : bytes;
    const file = await openBounded(await made.write('damaged', cut), new AbortController().signal);
    try {
      const container = await sniffAudio(file, AUDIO_LIMITS);
      const { tags } = await readTags(file, container);
      expect(Object.values(tags).every((value) => String(value).length <= 20_000)).toBe(true);
    } catch (error) {
      expect(error, `seed ${seed}`).toBeInstanceOf(MediaError);
    } finally {
      await file.close();
    }
  }
});
