import { readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import { readJpegSize } from '../audio/cover.ts';
import { corrupt } from '../media-error.ts';
import type { DerivativeFile } from '../processor.ts';
import { refuseFailure } from '../refuse-failure.ts';
import { type Hdr, VIDEO_DECODERS } from './containers/container.ts';
import { buildFitFilter, JPEG_OUTPUT } from './picture.ts';
import type { Shape } from './shape.ts';
import { buildRun, type VideoWork } from './work.ts';

/** The shape of the video, read from decoded frames. */
export interface DecodedShape extends Shape {
  pixelFormat: string;
}

/** One search for a good frame; searches are tried in order until one finds it. */
interface PosterSearch {
  keyframesOnly: boolean;
  seconds: number;
  /** Seconds between two candidates. */
  step: number;
}

const POSTER_SIDE = 1280;
const THUMBNAIL_SIDE = 320;
const CANDIDATES = 8;
/** Candidates are scored at this size, in grey. */
const [JUDGED_WIDTH, JUDGED_HEIGHT] = [32, 18];
const JUDGED = JUDGED_WIDTH * JUDGED_HEIGHT;
const KEYFRAMES: readonly PosterSearch[] = [
  { keyframesOnly: true, seconds: 12, step: 0.5 },
  { keyframesOnly: false, seconds: 15, step: 1 },
  { keyframesOnly: true, seconds: 240, step: 10 },
];
/** For intra-only codecs, where every frame is a keyframe and skipping the others saves nothing. */
const INTRA: readonly PosterSearch[] = [{ keyframesOnly: true, seconds: 8, step: 1 }];

/**
 * Makes the poster and its thumbnail, and reads the shape of the decoded frames. The poster is the
 * first good frame, neither black nor blank, among candidates near the beginning, or else the best
 * of them.
 * @throws MediaError
 */
export async function makePoster(work: VideoWork) {
  const { decoders } = work.container.video;
  const isIntra = decoders === VIDEO_DECODERS.prores || decoders === VIDEO_DECODERS.mjpeg;
  let best: { shape: DecodedShape; score: number } | null = null;
  const searches = isIntra ? INTRA : KEYFRAMES;
  for (const search of searches) {
    // A decoder that fails later in the file may have produced enough frames already.
    const found = await tryCandidates(work, search);
    if (found && found.score > (best?.score ?? -1)) {
      await keepCandidate(work, found.chosen);
      best = found;
    }
    await deleteCandidates(work);
    if (best && best.score >= GOOD) break;
  }
  if (!best) throw corrupt('There is no picture in this video.');
  const describePoster = (name: string) => describePicture(work, name);
  return {
    shape: best.shape,
    poster: await describePoster('poster'),
    thumbnail: await describePoster('thumbnail'),
  };
}

async function tryCandidates(work: VideoWork, search: PosterSearch) {
  const grey: Buffer[] = [];
  const { input, ...bounds } = buildRun(work, search.seconds);
  const buildOutput = (label: string, name: string) => [
    ...['-map', `[${label}]`, '-frames:v', String(CANDIDATES), ...JPEG_OUTPUT, '-q:v', '3'],
    ...['-f', 'image2', `file:${name}-%d.jpg`],
  ];
  const judged = `scale=${JUDGED_WIDTH}:${JUDGED_HEIGHT}:flags=area,format=gray`;
  const graph = [
    `[0:v:${work.container.video.index}]`,
    `select='isnan(prev_selected_t)+gte(t-prev_selected_t,${search.step})',showinfo=checksum=0,`,
    `${buildFitFilter(POSTER_SIDE, work.frames, 'JPEG')},split=3[poster][b][c];`,
    `[b]scale='max(2,trunc(iw*min(1,${THUMBNAIL_SIDE}/max(iw,ih))))':'max(2,trunc(ih*min(1,${THUMBNAIL_SIDE}/max(iw,ih))))'[thumbnail];[c]${judged}[grey]`,
  ];
  const end = await runFfmpeg({
    ...bounds,
    input: { ...input, keyframesOnly: search.keyframesOnly, maxSeconds: search.seconds },
    outputs: [
      ...['-filter_complex', graph.join('')],
      ...[...buildOutput('poster', 'poster'), ...buildOutput('thumbnail', 'thumbnail')],
      ...['-map', '[grey]', '-frames:v', String(CANDIDATES), '-fps_mode', 'passthrough'],
      ...['-c:v', 'rawvideo', '-f', 'rawvideo', 'pipe:1'],
    ],
    sinks: [(chunk) => grey.push(chunk)],
  });
  const pixels = Buffer.concat(grey);
  const shape = parseShape(end.log, work.frames.hdr);
  const scores = Array.from({ length: Math.floor(pixels.length / JUDGED) }, (_, n) =>
    computeScore(pixels.subarray(n * JUDGED, (n + 1) * JUDGED)),
  );
  if (!shape || scores.length === 0) {
    // No frame at all. A timeout or kill is final; after other failures the next search is tried.
    if (end.timedOut || end.killedBy || (end.exitCode ?? 0) > 100) refuseFailure(end, 'video');
    return null;
  }
  const good = scores.findIndex((score) => score >= GOOD);
  const chosen = good >= 0 ? good : scores.indexOf(Math.max(...scores));
  return { shape, chosen: chosen + 1, score: scores[chosen] ?? 0 };
}

/** The score from which a frame is good: it has light, dark and some content. */
const GOOD = 12;

/**
 * Scores a frame by the standard deviation of its pixels; lower if it is nearly all black or white.
 */
function computeScore(grey: Buffer): number {
  const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
  const variance = grey.reduce((sum, value) => sum + (value - mean) ** 2, 0) / grey.length;
  const isDim = mean < 24 || mean > 240;
  return Math.sqrt(variance) * (isDim ? 0.25 : 1);
}

/**
 * Reads the first frame that `showinfo` logged. Tags of the file cannot match: ffmpeg prints them
 * indented.
 */
function parseShape(log: string, hdr: Hdr): DecodedShape | null {
  const frames = [
    ...log.matchAll(
      /^\[Parsed_showinfo\S* @ \w+\] n: *\d+ .* fmt:(\w+) .*sar:(\d+)\/(\d+) s:(\d+)x(\d+) /gm,
    ),
  ];
  const frame = frames[0];
  if (!frame) return null;
  const [, pixelFormat = '', ...numbers] = frame;
  const [across = 0, down = 0, width = 0, height = 0] = numbers.map(Number);
  const aspect = across > 0 && down > 0 ? across / down : 1;
  return {
    ...{ width: Math.max(1, Math.round(width * aspect)), height, pixelFormat },
    hdr,
  };
}

async function keepCandidate({ workDir }: VideoWork, chosen: number): Promise<void> {
  for (const name of ['poster', 'thumbnail']) {
    await rename(join(workDir, `${name}-${chosen}.jpg`), join(workDir, `${name}.jpg`));
  }
}

async function deleteCandidates({ workDir }: VideoWork): Promise<void> {
  for (let n = 1; n <= CANDIDATES; n++) {
    await rm(join(workDir, `poster-${n}.jpg`), { force: true });
    await rm(join(workDir, `thumbnail-${n}.jpg`), { force: true });
  }
}

async function describePicture({ workDir }: VideoWork, name: string): Promise<DerivativeFile> {
  const path = join(workDir, `${name}.jpg`);
  const size = readJpegSize(await readFile(path));
  if (!size) throw new Error(`ffmpeg made a ${name} that is no JPEG`);
  return { name, path, contentType: 'image/jpeg', size: (await stat(path)).size, ...size };
}
