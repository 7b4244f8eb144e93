import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { synthesiseSong } from '../../scripts/demo/source.ts';
import { api } from '../harness/place.ts';
import { blocksOf } from './blocks.ts';

type UploadSong = (file: File) => Promise<Record<string, unknown>>;

test('README.md: the code of the upload from a browser ends with an analysed song', async () => {
  const uploadSong = await readmeCode();
  const song = synthesiseSong();
  const bytes = new Uint8Array(await buffer(song.open()));
  const file = new File([bytes], song.fileName, { type: song.contentType });
  expect(await uploadSong(file)).toMatchObject({
    status: 'READY',
    fileName: song.fileName,
    audio: { durationSeconds: 20 },
    analysis: { key: 'C', scale: 'MAJOR' },
  });
}, 60_000);

/** The JavaScript of the README as a module, which calls this test's API. */
async function readmeCode(): Promise<UploadSong> {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [block, ...others] = blocksOf(readme).filter(({ language }) => language === 'js');
  expect(others).toEqual([]);
  const code = block?.text.replace("'http://localhost:4000'", JSON.stringify(api));
  const dir = mkdtempSync(join(tmpdir(), 'mixdown-examples-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const module = join(dir, 'upload.mjs');
  writeFileSync(module, `${code}\nexport { uploadSong };`);
  return (await import(module)).uploadSong;
}
