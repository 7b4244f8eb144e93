import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { api } from '../../harness/place.ts';
import { studio } from '../../samples/audio.ts';
import { run } from '../../scripts/run.ts';

test('an export makes a song and pictures into an MP3 and an MP4, and says where they are', async () => {
  const { code, stdout, stderr } = await run('demo', ['export'], { API_URL: api });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.match(/Rendered +COMPLETED/g)).toHaveLength(2);
  expect(stdout.match(/Loudness +-1[34]\.\d LUFS/g)?.length).toBeGreaterThanOrEqual(2);
  const paths = [...stdout.matchAll(/File +(\/.+)/g)].map(([, path]) => path as string);
  expect(paths.map((path) => path.slice(path.lastIndexOf('/') + 1))).toEqual([
    'Demo.mp3',
    'Demo.mp4',
  ]);
  expect(readFileSync(paths[1] as string).toString('latin1', 4, 8)).toBe('ftyp');
  rmSync(dirname(paths[0] as string), { recursive: true });
}, 120_000);

test('a song without a beat is made into an MP4 as well', async () => {
  await using files = await studio();
  const song = await files.make('hum.wav', '-f', 'lavfi', '-i', 'sine=f=220:d=2');
  const still = ['-f', 'lavfi', '-i', 'color=red:s=320x180', '-frames:v', '1'];
  const picture = await files.make('red.png', ...still);
  const { code, stdout, stderr } = await run('demo', ['export', song, picture], { API_URL: api });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.match(/Rendered +COMPLETED/g)).toHaveLength(2);
  const [, path] = /File +(\/.+\.mp4)/.exec(stdout) ?? [];
  rmSync(dirname(path as string), { recursive: true });
}, 120_000);
