import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { handler as mediaUploaded } from '../../functions/media-uploaded.ts';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import type { MediaProcessor, ProcessorInput } from '../../src/services/media/processor.ts';
import { buildWarning } from '../../src/services/media/warning.ts';
import type { Person, Track as TrackDoc } from './given.ts';
import { invocation, s3Event, s3Record } from './invocations.ts';
import { replaceProcessor } from './job-types.ts';

// Tracks whose bytes nobody decodes: for what becomes of a medium around its decoder, without a worker.

export const BYTES = Buffer.from('bytes of a song');
const AUDIO = { durationSeconds: 1, sampleRate: 8000, channels: 1, codec: 'mp3', lossless: false };
const PLANNED = [
  { name: 'waveform', contentType: 'application/json', mandatory: true },
  { name: 'cover', contentType: 'image/jpeg', mandatory: false },
];

/** What a decoder finds at first, and in the end. */
export const probed = { contentType: 'audio/mpeg', facts: {}, derivatives: PLANNED };
export const processed = { contentType: 'audio/mpeg', facts: { audio: AUDIO }, metadata: {} };

/** Bytes that have arrived and wait for a worker. */
export async function arrived(person: Person): Promise<TrackDoc> {
  const track = await person.uploads(BYTES);
  await tells(track);
  return track;
}

/** S3 tells of the bytes of a track; of two events the one with the greater sequencer is the newer. */
export async function tells(track: TrackDoc, sequencer?: string): Promise<void> {
  const more = sequencer === undefined ? {} : { sequencer };
  await mediaUploaded(s3Event(s3Record(track.filePath as string, more)), invocation());
}

/** Runs one job, so many ms from now; tracks are processed by this. */
export function works(process: MediaProcessor, ms = 0) {
  const ctx: Ctx = { ...systemCtx('test'), clock: () => Date.now() + ms };
  return workOnce(ctx, replaceProcessor('process-track', process), () => 60_000);
}

/** Makes one derivative. */
export async function makes(
  { workDir, onDerivative }: ProcessorInput,
  name: string,
  text = name,
): Promise<void> {
  const path = join(workDir, name);
  await writeFile(path, text);
  const { contentType } = PLANNED.find((p) => p.name === name) ?? { contentType: 'text/plain' };
  await onDerivative({ name, path, contentType, size: text.length });
}

/** Makes what is mandatory, and leaves the rest out. */
export const whole: MediaProcessor = async (input) => {
  await input.onProbed(probed);
  await makes(input, 'waveform');
  return {
    ...processed,
    warnings: [buildWarning('COVER_OMITTED', 'The cover was left out: it is broken.')],
  };
};
