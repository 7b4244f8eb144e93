import '../../harness/place.ts';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { UUID } from '../../../src/data/ids.ts';
import { Track } from '../../../src/models/media/track.ts';
import { type Doc, given, type MediaKind } from '../../harness/given.ts';
import { studio } from '../../samples/audio.ts';
import { readByFfmpeg } from '../../samples/independent.ts';
import { exported, fileOf, readyMedium } from '../given.ts';

const TONE = ['-f', 'lavfi', '-i', 'sine=f=440:d=2:r=44100'];
const signed = fileURLToPath(new URL('../../samples/credentials/signed.png', import.meta.url));

test('an export of what was generated says so, in every format; one of what was not does not', async () => {
  await using files = await studio();
  const alice = await given.user();
  const { id: project } = await alice.project();
  const track = await readyMedium(alice, project, await files.make('song.wav', ...TONE));
  const picture = { type: 'VISUALIZER' };
  const settings = (format: string) =>
    format === 'MP4' ? { settings: { resolution: 360, picture } } : {};
  const human = await exported(alice, { project, format: 'MP3' });
  expect(String(await fileOf(alice, human))).not.toContain('digitalsourcetype');

  // As if it had come from a pod.
  const lineage = { digitalSourceType: 'trainedAlgorithmicMedia' };
  await Track.collection.updateOne({ _id: new UUID(track.id) }, { $set: { lineage } });
  for (const format of ['MP3', 'FLAC', 'M4A', 'OPUS', 'WAV', 'MP4']) {
    const made = await exported(alice, { project, format, ...settings(format) });
    expect(made, format).toMatchObject({ status: 'COMPLETED', lineage });
    const path = await files.write(made.fileName, await fileOf(alice, made));
    expect((await readByFfmpeg(path)).seconds, format).toBeCloseTo(2, 1);
    // It is read as it would be by whoever gets the file.
    const kind: MediaKind = format === 'MP4' ? 'videos' : 'tracks';
    const again = await readyMedium(alice, (await alice.project()).id, path, kind, {
      contentType: made.contentType,
    });
    expect(again.metadata, format).toMatchObject(lineage);
  }
});

test('an export of which a part was generated says that, and whose content credentials are not in it', async () => {
  await using files = await studio();
  const alice = await given.user();
  const { id: project } = await alice.project();
  await readyMedium(alice, project, await files.make('song.wav', ...TONE));
  const image: Doc = await readyMedium(alice, project, signed, 'images', {
    contentType: 'image/png',
  });
  expect(image.metadata).toMatchObject({ c2pa: true, credentials: { signedBy: 'Example Studio' } });
  const { body } = await alice.get<{ url: string }>(`/v1/images/${image.id}/file`);
  const original = Buffer.from(await (await fetch(body.url)).arrayBuffer());
  expect(original).toEqual(await readFile(signed));
  const picture = { type: 'SLIDESHOW', images: [{ image: image.id }] };
  const made = await exported(alice, {
    ...{ project, format: 'MP4', settings: { resolution: 360, picture } },
  });
  const digitalSourceType = 'compositeWithTrainedAlgorithmicMedia';
  expect(made).toMatchObject({
    ...{ status: 'COMPLETED', lineage: { digitalSourceType, credentialsOf: [image.id] } },
  });
});
