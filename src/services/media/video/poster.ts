import { readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import { readJpegSize } from '../audio/cover.ts';
import { corrupt } from '../media-error.ts';
import type { DerivativeFile } from '../processor.ts';
import { refuseFailure } from '../refuse-failure.ts';
import { type Hdr, VIDEO_DECODERS } from './containers/container.ts';
import { fitted, JPEG } from './picture.ts';
import type { Shape } from './shape.ts';
import { reading, type Work } from './work.ts';

/** What the decoder shows of its first pictures. */
export interface DecodedShape extends Shape {
  pixelFormat: string;
}

/** Where to look for a good picture, one after the other until there is one. */
interface Place {
  keyframesOnly: boolean;
  seconds: number;
  /** Between two of them. */
  step: number;
}

const POSTER_SIDE = 1280;
const THUMBNAIL_SIDE = 320;
const CANDIDATES = 8;
/** Each is judged at this size, in grey. */
const [JUDGED_WIDTH, JUDGED_HEIGHT] = [32, 18];
const JUDGED = JUDGED_WIDTH * JUDGED_HEIGHT;
const KEYFRAMES: readonly Place[] = [
  { keyframesOnly: true, seconds: 12, step: 0.5 },
  { keyframesOnly: false, seconds: 15, step: 1 },
  { keyframesOnly: true, seconds: 240, step: 10 },
];
/** Where every frame is a key, skipping the others saves nothing. */
const INTRA: readonly Place[] = [{ keyframesOnly: true, seconds: 8, step: 1 }];

/**
 * The poster, a thumbnail of it, and what the pictures truly are: the first good one among a few
 * near the beginning, neither black nor blank; where there is none, the best.
 * @throws MediaError
 */
export async function makePoster(work: Work) {
  const { decoders } = work.container.video;
  const isIntra = decoders === VIDEO_DECODERS.prores || decoders === VIDEO_DECODERS.mjpeg;
  let hdr = work.container.video.hdr;
  let isSure = false;
  let best: { shape: DecodedShape; score: number } | null = null;
  const places = isIntra ? INTRA : KEYFRAMES;
  for (let n = 0; n < places.length; n++) {
    const place = places[n] as Place;
    // A decoder that fails on what comes later may have shown enough already.
    const seen = await look(work, place, hdr);
    if (seen && !isSure) {
      isSure = true;
      if (seen.shape.hdr !== hdr) {
        hdr = seen.shape.hdr; // only the stream itself says so: the same place once more
        n -= 1;
        continue;
      }
    }
    if (seen && seen.score > (best?.score ?? -1)) {
      await keep(work, seen.chosen);
      best = seen;
    }
    await forget(work);
    if (best && best.score >= GOOD) break;
  }
  if (!best) throw corrupt('There is no picture in this video.');
  const of = (name: string) => pictureFile(work, name);
  return { shape: best.shape, poster: await of('poster'), thumbnail: await of('thumbnail') };
}

async function look(work: Work, place: Place, hdr: Hdr) {
  const grey: Buffer[] = [];
  const { input, ...bounds } = reading(work, place.seconds);
  const out = (label: string, name: string) => [
    ...['-map', `[${label}]`, '-frames:v', String(CANDIDATES), ...JPEG, '-q:v', '3'],
    ...['-f', 'image2', `file:${name}-%d.jpg`],
  ];
  const judged = `scale=${JUDGED_WIDTH}:${JUDGED_HEIGHT}:flags=area,format=gray`;
  const graph = [
    `[0:v:${work.container.video.index}]`,
    `select='isnan(prev_selected_t)+gte(t-prev_selected_t,${place.step})',showinfo=checksum=0,`,
    `${fitted(POSTER_SIDE, hdr)},split=3[poster][b][c];`,
    `[b]${fitted(THUMBNAIL_SIDE, null)}[thumbnail];[c]${judged}[grey]`,
  ];
  const end = await runFfmpeg({
    ...bounds,
    input: { ...input, keyframesOnly: place.keyframesOnly, maxSeconds: place.seconds },
    outputs: [
      ...['-filter_complex', graph.join('')],
      ...[...out('poster', 'poster'), ...out('thumbnail', 'thumbnail')],
      ...['-map', '[grey]', '-frames:v', String(CANDIDATES), '-fps_mode', 'passthrough'],
      ...['-c:v', 'rawvideo', '-f', 'rawvideo', 'pipe:1'],
    ],
    sinks: [(chunk) => grey.push(chunk)],
  });
  const pixels = Buffer.concat(grey);
  const shape = shapeOf(end.log);
  const scores = Array.from({ length: Math.floor(pixels.length / JUDGED) }, (_, n) =>
    scoreOf(pixels.subarray(n * JUDGED, (n + 1) * JUDGED)),
  );
  if (!shape || scores.length === 0) {
    // Nothing at all: where the file is broken it says so here, but not yet where there are others.
    if (end.timedOut || end.killedBy || (end.exitCode ?? 0) > 100) refuseFailure(end, 'video');
    return null;
  }
  const good = scores.findIndex((score) => score >= GOOD);
  const chosen = good >= 0 ? good : scores.indexOf(Math.max(...scores));
  return { shape, chosen: chosen + 1, score: scores[chosen] ?? 0 };
}

/** Of a picture with light, dark and something in it. */
const GOOD = 12;

/** How far its pixels stand from their mean, and less where nearly all of it is black or white. */
function scoreOf(grey: Buffer): number {
  const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
  const variance = grey.reduce((sum, value) => sum + (value - mean) ** 2, 0) / grey.length;
  const isDim = mean < 24 || mean > 240;
  return Math.sqrt(variance) * (isDim ? 0.25 : 1);
}

/** The last frame that `showinfo` told of. Tags of the file are printed otherwise, indented. */
function shapeOf(log: string): DecodedShape | null {
  const frames = [
    ...log.matchAll(
      /^\[Parsed_showinfo\S* @ \w+\] n: *\d+ .* fmt:(\w+) .*sar:(\d+)\/(\d+) s:(\d+)x(\d+) /gm,
    ),
  ];
  const frame = frames.at(-1);
  if (!frame) return null;
  const [, pixelFormat = '', ...numbers] = frame;
  const [across = 0, down = 0, width = 0, height = 0] = numbers.map(Number);
  const aspect = across > 0 && down > 0 ? across / down : 1;
  const curve = /^\[Parsed_showinfo\S* @ \w+\] .*color_trc:(\S+)/m.exec(log)?.[1];
  return {
    ...{ width: Math.max(1, Math.round(width * aspect)), height, pixelFormat },
    hdr: curve === 'smpte2084' ? 'PQ' : curve === 'arib-std-b67' ? 'HLG' : null,
  };
}

async function keep({ workDir }: Work, chosen: number): Promise<void> {
  for (const name of ['poster', 'thumbnail']) {
    await rename(join(workDir, `${name}-${chosen}.jpg`), join(workDir, `${name}.jpg`));
  }
}

async function forget({ workDir }: Work): Promise<void> {
  for (let n = 1; n <= CANDIDATES; n++) {
    await rm(join(workDir, `poster-${n}.jpg`), { force: true });
    await rm(join(workDir, `thumbnail-${n}.jpg`), { force: true });
  }
}

async function pictureFile({ workDir }: Work, name: string): Promise<DerivativeFile> {
  const path = join(workDir, `${name}.jpg`);
  const size = readJpegSize(await readFile(path));
  if (!size) throw new Error(`ffmpeg made a ${name} that is no JPEG`);
  return { name, path, contentType: 'image/jpeg', size: (await stat(path)).size, ...size };
}
