import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { openFile } from '../../scripts/demo/source.ts';
import { User } from '../../src/models/account/user.ts';
import { api } from '../harness/place.ts';
import { run } from './run.ts';

const demo = (...files: string[]) => run('demo', files, { API_URL: api });

function file(name: string, content: Uint8Array | string): string {
  const folder = mkdtempSync(join(tmpdir(), 'mixdown-demo-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

test('without a file the demo uploads its own song, and prints its analysis', async () => {
  const { code, stdout, stderr } = await demo();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/Uploaded +3\.5 MB straight to S3/);
  expect(stdout).toMatch(/Processed +READY/);
  expect(stdout).toMatch(/Title +Four Chords\n +Artist +Mixdown\n +Duration +0:20\.00\n/);
  expect(stdout).toMatch(/Tempo +1(19\.9|20\.0)\d BPM/);
  expect(stdout).toMatch(/Key +C major/);
  expect(stdout).toMatch(/True peak +-[01]\.\d dBTP/);
  expect(stdout).toMatch(/Derivatives +waveform .*, preview /);
  expect(stdout).toMatch(/█{20}.*\n/);
  // The picture in the README is of such a run. What depends on the machine, or on the version of ffmpeg, may differ.
  const picture = readFileSync(new URL('../../docs/demo.svg', import.meta.url), 'utf8');
  const shown = [...picture.matchAll(/>([^<>]+)<\/text>/g)].map(([, text]) => text as string);
  const changing = /npm run|localhost| in \d|KB|confidence|LUFS?$|LU$|dBTP/;
  expect(shown.length).toBeGreaterThan(30);
  for (const text of shown.filter((text) => !changing.test(text))) expect(stdout).toContain(text);
}, 60_000);

test('a file that is not music is reported in one sentence, and does not stop the others', async () => {
  const noise = file('noise.mp3', randomBytes(20_000));
  const { code, stdout, stderr } = await demo(noise, file('more.ogg', randomBytes(20_000)));
  expect(code).toBe(1);
  expect(stderr).toMatch(/^noise\.mp3 failed: .+ \([A-Z_]+\)\.\nmore\.ogg failed: .+\n$/);
  expect(stdout).toMatch(/noise\.mp3 +failed\n +more\.ogg +failed\n/);
});

test('without a terminal it prints neither colours nor moving lines', async () => {
  const { stdout } = await demo(file('noise.mp3', randomBytes(20_000)));
  expect(stripVTControlCharacters(stdout)).toBe(stdout);
  expect(stdout).not.toContain('\r');
});

test('a missing file ends it with code 1, before anything is uploaded', async () => {
  const before = await User.collection.countDocuments();
  expect(await demo(file('a.wav', 'x'), '/nowhere/song.mp3')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'There is no file /nowhere/song.mp3.\n',
  });
  expect(await User.collection.countDocuments()).toBe(before);
});

test.each([
  ['a folder', () => tmpdir(), /is not a file\.$/],
  ['an empty file', () => file('a.wav', ''), /a\.wav is empty\.$/],
  ['a film', () => file('a.mov', 'x'), /a\.mov is not a song: tracks are \.mp3 .+ files\.$/],
])('%s is refused in one sentence', async (_, path, sentence) => {
  await expect(openFile(path())).rejects.toThrow(sentence);
});

test('an API that does not answer is named in the error', async () => {
  const { code, stderr } = await run('demo', [], { API_URL: 'http://localhost:1/' });
  expect(code).toBe(1);
  expect(stderr).toBe('Nothing answers at http://localhost:1, which API_URL names.\n');
});
