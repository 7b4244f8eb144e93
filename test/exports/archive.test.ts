import '../harness/place.ts';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { fromBufferPromise } from 'yauzl';
import { given } from '../harness/given.ts';
import { studio } from '../samples/audio.ts';
import { exported, fileOf, readyMedium } from './given.ts';

/** What is in a ZIP, by name. */
async function unzip(bytes: Buffer): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const zip = await fromBufferPromise(bytes);
  for await (const entry of zip.eachEntry()) {
    const chunks: Buffer[] = [];
    for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
    files.set(entry.fileName, Buffer.concat(chunks));
  }
  return files;
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('base64');

test('a ZIP has every original, byte for byte, and a manifest that says what they are', async () => {
  await using files = await studio();
  const alice = await given.user();
  const { id: project } = await alice.project({ name: 'An album', settings: { tempo: 'slow' } });
  const song = await files.make('so: ng?.wav', '-f', 'lavfi', '-i', 'sine=d=1');
  const stem = await files.make('stem.flac', '-f', 'lavfi', '-i', 'sine=f=90:d=1');
  const track = await readyMedium(alice, project, song, 'tracks', {
    name: 'Song',
    artist: 'Ada',
    trackNumber: 4,
  });
  const audio = await readyMedium(alice, project, stem, 'audios', { kind: 'STEM' });

  const made = await exported(alice, { project, format: 'ZIP' });
  expect(made).toMatchObject({ contentType: 'application/zip', fileName: 'An album.zip' });
  const bytes = await fileOf(alice, made);
  expect([bytes.length, sha256(bytes)]).toEqual([made.size, made.checksum]);
  const found = await unzip(bytes);
  const manifest = JSON.parse(String(found.get('manifest.json')));
  expect(manifest.project).toMatchObject({ name: 'An album', settings: { tempo: 'slow' } });
  expect(manifest.media).toMatchObject([
    {
      kind: 'TRACK',
      id: track.id,
      file: 'tracks/0001-so_ ng_.wav',
      fields: { name: 'Song', artist: 'Ada', trackNumber: 4 },
    },
    { kind: 'AUDIO', id: audio.id, file: 'audios/0002-stem.flac', fields: { kind: 'STEM' } },
  ]);
  for (const { file, checksum } of manifest.media)
    expect(sha256(found.get(file) as Buffer)).toBe(checksum);
  expect(found.get(manifest.media[0].file)).toEqual(await readFile(song));
  expect(found.size).toBe(3);

  const stems = await exported(alice, { project, format: 'ZIP', settings: { contents: 'STEMS' } });
  expect([...(await unzip(await fileOf(alice, stems))).keys()]).toEqual([
    'manifest.json',
    'audios/0001-stem.flac',
  ]);
});

test('a ZIP of a project without media has its manifest', async () => {
  const alice = await given.user();
  const { id: project } = await alice.project();
  const made = await exported(alice, { project, format: 'ZIP' });
  expect([...(await unzip(await fileOf(alice, made))).keys()]).toEqual(['manifest.json']);
});
