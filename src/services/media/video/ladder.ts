import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import { refuseFailure } from '../refuse-failure.ts';
import {
  hlsTo,
  readPart,
  type Stream,
  type StreamFile,
  type StreamPart,
  writeMaster,
} from './hls.ts';
import type { OpenVideo } from './open.ts';
import { ending, evenly } from './picture.ts';
import { progressLines } from './progress.ts';
import type { Rate } from './rate.ts';
import { encodedAs, type Raster, type Rendition, renditionsOf } from './renditions.ts';
import { AAC } from './sound.ts';
import { reading } from './work.ts';

/**
 * Makes an adaptive HLS stream (CMAF): every rendition from one decode, with the same groups of
 * frames, and the sound once.
 * @param onProgress called with percents
 * @throws MediaError
 */
export async function makeLadder(
  { work, raster, hasSound, ...times }: OpenVideo,
  onProgress: (percent: number) => void,
): Promise<Stream> {
  const { video, audio } = work.container;
  const { seconds } = times;
  const after = ending(times, raster.rate);
  const renditions = renditionsOf(raster.shape);
  const pictures = renditions.flatMap((rendition, n) => [
    ...['-map', `[v${n}]`, ...encodedAs(rendition, raster.rate), ...hlsTo(rendition.name)],
  ]);
  const sound = ['-map', `0:a:${audio?.index ?? 0}`, ...AAC, '-map_metadata', '-1', '-bitexact'];
  const end = await runFfmpeg({
    ...reading(work, seconds * renditions.length, hasSound),
    outputs: [
      ...['-progress', 'pipe:1', '-filter_complex'],
      splitInto(renditions, raster, video.index, after),
      ...pictures,
      ...(hasSound ? [...sound, ...hlsTo('audio')] : []),
    ],
    sinks: [
      progressLines((progress) => onProgress(Math.min(99, (progress.seconds / seconds) * 100))),
    ],
  });
  refuseFailure(end, 'video');
  return describe(work.workDir, renditions, raster.rate, hasSound);
}

/** What ffmpeg wrote, with the master playlist over it. */
async function describe(
  workDir: string,
  renditions: readonly Rendition[],
  rate: Rate,
  hasSound: boolean,
): Promise<Stream> {
  const files: StreamFile[] = [];
  const read = async (name: string) => {
    const found = await readPart(workDir, name);
    files.push(...found.files);
    return found.part;
  };
  const pictures: StreamPart[] = [];
  for (const { name, size } of renditions) pictures.push({ ...(await read(name)), ...size });
  const audio = hasSound ? await read('audio') : null;
  files.push(await writeMaster(workDir, pictures, audio, rate));
  return { files, renditions: pictures, audio };
}

/**
 * One decode for all of them; `after` is what is done to the frames last of all. They are repeated only
 * once they are small: a still picture would be held as often as it is shown.
 */
export function splitInto(
  renditions: readonly Rendition[],
  { shape, rate }: Raster,
  index: number,
  after: string,
): string {
  const parts = renditions.map((_, n) => `[s${n}]`).join('');
  const scaled = renditions.map(
    ({ size }, n) => `[s${n}]${evenly(size, shape.hdr, rate)}${after}[v${n}]`,
  );
  return [`[0:v:${index}]split=${renditions.length}${parts}`, ...scaled].join(';');
}
