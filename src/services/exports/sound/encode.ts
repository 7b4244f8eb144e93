import { join } from 'node:path';
import { type Loudness, readLoudness } from '../../media/audio/analysis/loudness.ts';
import type { ExportOrigin, LoudnessTarget, SoundEncoding, Tags } from '../plan.ts';
import { type CodecOutput, describeCodec } from './codecs.ts';
import { buildLevelFilter, correctLevels, type Levels, planLevels } from './loudness.ts';
import { MEASURE, type Mix } from './mix.ts';
import { PCM_DEMUXER } from './pcm.ts';
import { type RenderDir, runStep } from './run.ts';
import { buildTagInputs, buildTagOutputs } from './tags.ts';

export interface SoundOutput {
  encoding: SoundEncoding;
  loudness: LoudnessTarget | null;
  tags: Tags;
  /** A JPEG of ours; null for none. */
  cover: string | null;
  origin?: ExportOrigin;
  /** The name of the file, without extension. */
  name: string;
}

export interface EncodedSound {
  path: string;
  contentType: string;
  /** Measured of the encoded file. */
  loudness: Loudness;
}

/** Some sounds are limited so much that they come near their target in small steps only. */
const MOST_ROUNDS = 6;

/**
 * Encodes a mix. Where it is to be of a certain loudness, the encoded file is decoded and measured, for
 * encoders overshoot, and encoded again with other levels until it is right.
 */
export async function encodeSound(
  dir: RenderDir,
  mix: Mix,
  output: SoundOutput,
  onRound: (round: number) => void = () => {},
): Promise<EncodedSound> {
  const codec = describeCodec(output.encoding);
  const path = join(dir.workDir, `${output.name}.${codec.extension}`);
  const { contentType } = codec;
  let levels: Levels = planLevels(output.loudness, mix.loudness, mix.seconds);
  for (let round = 1; ; round++) {
    onRound(round);
    await encodeOnce(dir, mix, output, { codec, levels, path });
    if (!output.loudness) return { path, contentType, loudness: mix.loudness };
    const loudness = await measure(dir, path, codec, mix.seconds);
    const next = correctLevels(levels, output.loudness, loudness, mix.seconds);
    if (!next || round === MOST_ROUNDS) return { path, contentType, loudness };
    levels = next;
  }
}

async function encodeOnce(
  dir: RenderDir,
  mix: Mix,
  output: SoundOutput,
  { codec, levels, path }: { codec: CodecOutput; levels: Levels; path: string },
): Promise<void> {
  const filter = buildLevelFilter(levels, mix.sampleRate);
  await runStep(dir, mix.seconds, {
    inputs: [
      { path: mix.path, demuxer: PCM_DEMUXER },
      ...(await buildTagInputs(dir.workDir, codec, output)),
    ],
    outputs: [
      ...['-map', '0:a:0', '-af', filter, ...codec.options, ...buildTagOutputs(codec, output)],
      ...['-f', codec.muxer, `file:${path}`],
    ],
  });
}

async function measure(
  dir: RenderDir,
  path: string,
  { demuxer }: CodecOutput,
  seconds: number,
): Promise<Loudness> {
  const end = await runStep(dir, seconds / 2, {
    inputs: [{ path, demuxer }],
    outputs: ['-map', '0:a:0', '-af', MEASURE, '-f', 'null', '-'],
  });
  return readLoudness(end.log, seconds);
}
