import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import { refuseFailure } from '../refuse-failure.ts';
import {
  buildHlsOutput,
  type MediaPlaylist,
  readMediaPlaylist,
  type Stream,
  type StreamFile,
  writeMasterPlaylist,
} from './hls-playlists.ts';
import type { OpenVideo } from './open.ts';
import { buildConstantRateFilter, buildEndingFilter } from './picture.ts';
import { readProgress } from './progress.ts';
import type { Rate } from './rate.ts';
import {
  buildEncoderOptions,
  chooseRenditions,
  type FrameFormat,
  type Rendition,
} from './renditions.ts';
import { buildAacOutput } from './sound.ts';
import type { SourceFrames } from './source-frames.ts';
import { buildRun } from './work.ts';

/**
 * Makes an adaptive HLS stream (CMAF): all renditions from one decode, with keyframes at the same
 * times, and the sound once.
 * @param onProgress called with percents
 * @throws MediaError
 */
export async function makeLadder(
  { work, frameFormat, hasSound, ...times }: OpenVideo,
  onProgress: (percent: number) => void,
): Promise<Stream> {
  const { video, audio } = work.container;
  const { seconds } = times;
  const after = buildEndingFilter(times, frameFormat.rate);
  const renditions = chooseRenditions(frameFormat.shape);
  const pictures = renditions.flatMap((rendition, n) => [
    ...[
      '-map',
      `[v${n}]`,
      ...buildEncoderOptions(rendition, frameFormat.rate),
      ...buildHlsOutput(rendition.name),
    ],
  ]);
  const sound = [
    '-map',
    `0:a:${audio?.index ?? 0}`,
    ...buildAacOutput(audio?.channels ?? 2),
    '-map_metadata',
    '-1',
    '-bitexact',
  ];
  const end = await runFfmpeg({
    ...buildRun(work, seconds * renditions.length, hasSound),
    outputs: [
      ...['-progress', 'pipe:1', '-filter_complex'],
      buildSplitGraph(renditions, frameFormat, video.index, after, work.frames),
      ...pictures,
      ...(hasSound ? [...sound, ...buildHlsOutput('audio')] : []),
    ],
    sinks: [
      readProgress((progress) => onProgress(Math.min(99, (progress.seconds / seconds) * 100))),
    ],
  });
  refuseFailure(end, 'video');
  return collectStream(work.workDir, renditions, frameFormat.rate, hasSound);
}

/** Collects the files that ffmpeg wrote, and writes the master playlist. */
async function collectStream(
  workDir: string,
  renditions: readonly Rendition[],
  rate: Rate,
  hasSound: boolean,
): Promise<Stream> {
  const files: StreamFile[] = [];
  const read = async (name: string) => {
    const found = await readMediaPlaylist(workDir, name);
    files.push(...found.files);
    return found.playlist;
  };
  const pictures: MediaPlaylist[] = [];
  for (const { name, size } of renditions) pictures.push({ ...(await read(name)), ...size });
  const audio = hasSound ? await read('audio') : null;
  files.push(await writeMasterPlaylist(workDir, pictures, audio, rate));
  return { files, renditions: pictures, audio };
}

/**
 * Builds the filter graph that scales one decode to all renditions, outputs `[v0]`, `[v1]`…
 * @param after filters appended for each rendition. They may repeat frames, so they come after
 * scaling: each repetition of a still picture is held in memory.
 */
export function buildSplitGraph(
  renditions: readonly Rendition[],
  { rate }: FrameFormat,
  index: number,
  after: string,
  frames: SourceFrames,
): string {
  const parts = renditions.map((_, n) => `[s${n}]`).join('');
  const scaled = renditions.map(
    ({ size }, n) => `[s${n}]${buildConstantRateFilter(size, frames, rate)}${after}[v${n}]`,
  );
  return [`[0:v:${index}]split=${renditions.length}${parts}`, ...scaled].join(';');
}
