import '../harness/place.ts';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { headObject } from '../../src/providers/s3.ts';
import { uploadStream } from '../../src/providers/upload-stream.ts';
import { writeArchive } from '../../src/services/exports/archive/write-archive.ts';
import type { ArchivePlan } from '../../src/services/exports/plan.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

const GB = 1_000_000_000;
const FILES = Number(process.env.ARCHIVE_GB ?? 5);
const MIB = 2 ** 20;

/** Random bytes, the same chunk again and again. */
function* repeat(size: number): Generator<Buffer> {
  const chunk = Buffer.from(crypto.getRandomValues(new Uint8Array(65_536)));
  for (let left = size; left > 0; left -= chunk.length) yield chunk.subarray(0, left);
}

test(`a ZIP of ${FILES} GB adds at most 150 MiB to the memory of what writes it`, async () => {
  const { signal } = new AbortController();
  const key = 'media/somebody/audios/long/original';
  await uploadStream(key, Readable.from(repeat(GB)), 'audio/wav', signal);
  const etag = (await headObject(key))?.etag as string;
  const entity = 'Audio' as const;
  const source = { entity, id: '', name: 'long', fileName: 'long.wav', key, etag, size: GB };
  const media = Array.from({ length: FILES }, (_, n) => ({
    ...{ kind: 'AUDIO' as const, id: `${n}`, file: `audios/${n}.wav`, fileName: 'long.wav' },
    ...{ contentType: 'audio/wav', size: GB, checksum: '', fields: {} },
  }));
  const project = { name: 'Long', settings: {} };
  const plan: ArchivePlan = {
    ...{ format: 'ZIP', name: 'Long', sources: media.map(() => source) },
    manifest: { format: 'mixdown-project', version: 1, media, project },
  };

  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 50);
  const { size } = await writeArchive('exports/long.zip', plan, signal, () => {});
  clearInterval(timer);
  expect(size).toBeGreaterThan(FILES * GB);
  console.log(`${Math.round(before / MIB)} MiB before, ${Math.round(peak / MIB)} MiB at most`);
  expect(peak - before).toBeLessThan(150 * MIB);
});
