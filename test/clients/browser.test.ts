import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { api } from '../harness/place.ts';
import { melody, wav } from '../samples/audio.ts';
import { findChromium, here } from './install.ts';

const run = promisify(execFile);
const docs = join(here, '../../docs');

/** The adapter that docs/uploads.md shows. */
async function readAdapter(): Promise<string> {
  const text = await readFile(join(docs, 'uploads.md'), 'utf8');
  const blocks = [...text.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = '']) => code);
  return blocks.find((code) => code.startsWith('export function uploadWithUppy')) as string;
}

test('the adapter for Uppy has at most 30 lines', async () => {
  expect((await readAdapter()).trimEnd().split('\n').length).toBeLessThanOrEqual(30);
});

test('a page of another origin signs up, uploads, plays, draws, shows, records and exports', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mixdown-page-'));
  try {
    await writeFile(join(folder, 'uppy-adapter.js'), await readAdapter());
    const tones = melody([220, 277, 330, 440, 330, 277], 3, 0.7);
    const song = tones.map((value, at) => value * Math.abs(Math.sin(at / 9000)));
    await writeFile(join(folder, 'song.wav'), wav(song));
    await copyFile(join(here, 'browser/page.html'), join(folder, 'page.html'));
    await build({
      entryPoints: [join(here, 'browser/page.ts')],
      outfile: join(folder, 'page.js'),
      bundle: true,
      format: 'esm',
      alias: { 'uppy-adapter': join(folder, 'uppy-adapter.js') },
    });
    const picture = process.env.WRITE_PICTURE ? join(docs, 'page.png') : join(folder, 'page.png');
    const drive = [join(here, 'browser/drive.mjs'), api, folder, await findChromium(), picture];
    const { stdout } = await run(process.execPath, drive, { maxBuffer: 2 ** 24 });
    const found = JSON.parse(stdout);
    expect(found).not.toHaveProperty('error');
    expect(found.streamStatuses).toContain(200);
    expect(found).toMatchObject({ waveform: true, images: [320, 320, 320] });
    expect(['PROCESSING', 'READY']).toContain(found.long);
    for (const played of [found.preview, found.stream]) expect(played).toBeGreaterThan(0.3);
    for (const recorded of [found.video, ...found.voices]) expect(recorded).toBeGreaterThan(1);
    const { seconds, wanted, width, frames, quarters } = found.film;
    expect(Math.abs(seconds - wanted)).toBeLessThan(0.05);
    expect(width).toBe(640);
    expect(frames).toBeGreaterThan(5);
    const colours = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255];
    for (const [n, value] of quarters.flat().entries())
      expect(Math.abs(value - (colours[n] as number)), `${quarters}`).toBeLessThan(20);
    // The parts of the long one, at least.
    expect(found['steps 5 audios']).toBeGreaterThanOrEqual(5);
    expect(found['steps 6 tracks']).toBeGreaterThanOrEqual(1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
