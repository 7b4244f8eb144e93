import { join } from 'node:path';
import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import { AUDIO_LIMITS } from '../../media/audio/limits.ts';
import { sniffAudio } from '../../media/audio/sniff.ts';
import { openBounded } from '../../media/bounded-file.ts';
import { refuseFailure } from '../../media/refuse-failure.ts';
import type { Clip } from '../plan.ts';
import { countFrames, PCM_OUTPUT } from './pcm.ts';
import type { RenderDir } from './run.ts';

/** A clip as samples in a file of ours. */
export interface DecodedClip extends Clip {
  path: string;
  /** Its length in samples of each channel. */
  frames: number;
}

/**
 * Decodes the part of an upload that a clip uses, in stereo at this rate. Only this run sees the
 * client's bytes.
 * @throws MediaError
 */
export async function decodeClip(
  clip: Clip,
  { path, workDir, name, ffmpeg, signal }: RenderDir & { path: string; name: string },
  sampleRate: number,
): Promise<DecodedClip> {
  const container = await probe(path, signal);
  const target = join(workDir, name);
  const end = await runFfmpeg({
    binary: ffmpeg,
    input: {
      path,
      demuxer: container.demuxer,
      decoders: container.decoders,
      maxStreams: AUDIO_LIMITS.streams,
      maxSeconds: AUDIO_LIMITS.seconds + 1,
    },
    outputs: [
      ...['-map', '0:a:0', '-vn', '-sn', '-dn', '-bitexact', '-map_metadata', '-1'],
      ...['-af', buildFilter(clip, sampleRate), ...PCM_OUTPUT, `file:${target}`],
    ],
    cwd: workDir,
    signal,
    fileSize: 8_000_000_000,
    deadlineMs: AUDIO_LIMITS.decodeBaseMs + AUDIO_LIMITS.seconds * AUDIO_LIMITS.decodeMsPerSecond,
  });
  refuseFailure(end, 'recording');
  return { ...clip, path: target, frames: await countFrames(target) };
}

async function probe(path: string, signal: AbortSignal) {
  const file = await openBounded(path, signal);
  try {
    return await sniffAudio(file, AUDIO_LIMITS);
  } finally {
    await file.close();
  }
}

function buildFilter({ channels, from, to }: Clip, sampleRate: number): string {
  // ffmpeg's own way from mono to stereo makes it 3 dB quieter.
  const stereo = channels === 1 ? 'pan=stereo|c0=c0|c1=c0' : 'aformat=channel_layouts=stereo';
  const start = Math.round(from * sampleRate);
  const cut = [
    ...(start > 0 ? [`start_sample=${start}`] : []),
    ...(to === null ? [] : [`end_sample=${Math.round(to * sampleRate)}`]),
  ].join(':');
  return [
    stereo,
    `aresample=${sampleRate}`,
    ...(cut ? [`atrim=${cut}`, 'asetpts=PTS-STARTPTS'] : []),
  ].join(',');
}
