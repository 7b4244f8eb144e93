import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import type { DerivativeFile } from '../processor.ts';
import { refuseFailure } from '../refuse-failure.ts';
import type { Hdr } from './containers/container.ts';
import { lines } from './line-reader.ts';
import { JPEG, resized, type Size, within } from './picture.ts';
import { progressLines } from './progress.ts';
import type { Shape } from './shape.ts';
import { reading, type Work } from './work.ts';

/** A grid of small pictures, evenly over the whole, to be shown while somebody scrubs. */
export interface SpritePlan {
  tile: Size;
  count: number;
  columns: number;
  rows: number;
  /** Of one tile, in seconds. */
  interval: number;
  seconds: number;
  hdr: Hdr;
}

const TILES = 100;
const COLUMNS = 10;
const TILE_SIDE = 160;

/** As many tiles as there are seconds, and a hundred at most. */
export function planSprite(shape: Shape, seconds: number): SpritePlan {
  const interval = Math.max(1, seconds / TILES);
  const count = Math.min(TILES, Math.max(1, Math.ceil(seconds / interval - 0.001)));
  const columns = Math.min(COLUMNS, count);
  return {
    tile: within(shape, TILE_SIDE, TILE_SIDE),
    ...{ count, columns, rows: Math.ceil(count / columns), interval, seconds, hdr: shape.hdr },
  };
}

/** The filters from frames to one picture; each tile shows the middle of its time. */
export function spriteFilter({ tile, count, columns, rows, interval, hdr }: SpritePlan): string {
  return [
    `fps=fps=1/${interval}:start_time=0:round=near:eof_action=pass,${resized(tile, hdr)}`,
    `tpad=stop=${count}:stop_mode=clone,trim=end_frame=${count},tile=${columns}x${rows}`,
  ].join(',');
}

/** How that picture leaves ffmpeg. */
export const spriteTo = (label: string): string[] => [
  ...['-map', `[${label}]`, '-frames:v', '1', ...JPEG, '-q:v', '4'],
  ...['-f', 'image2', '-update', '1', 'file:sprite.jpg'],
];

/**
 * Makes it of keyframes alone: a long video takes a fraction of its time. False where they are too
 * few, and every frame has to be decoded.
 */
export async function spriteOfKeyframes(
  work: Work,
  plan: SpritePlan,
  onSeconds: (seconds: number) => void,
): Promise<boolean> {
  const { input, ...bounds } = reading(work, plan.seconds / 4);
  let keyframes = 0;
  const graph = [
    `[0:v:${work.container.video.index}]split=2[a][b];[a]${spriteFilter(plan)}[sprite];`,
    '[b]scale=16:16:flags=neighbor[seen]',
  ];
  const end = await runFfmpeg({
    ...bounds,
    input: { ...input, keyframesOnly: true },
    outputs: [
      ...['-progress', 'pipe:1', '-filter_complex', graph.join(''), ...spriteTo('sprite')],
      ...['-map', '[seen]', '-fps_mode', 'passthrough', '-f', 'framecrc', 'pipe:3'],
    ],
    sinks: [progressLines(({ seconds }) => onSeconds(seconds)), lines(counted)],
  });
  function counted(line: string): void {
    if (!line.startsWith('#')) keyframes += 1;
  }
  refuseFailure(end, 'video');
  return keyframes >= plan.count * 0.6;
}

/** The picture and its map, once it is made. */
export async function spriteFiles(work: Work, plan: SpritePlan): Promise<DerivativeFile[]> {
  const path = join(work.workDir, 'sprite.jpg');
  const map = join(work.workDir, 'sprite.vtt');
  await writeFile(map, webVtt(plan));
  const { tile, columns, rows } = plan;
  const sides = { width: tile.width * columns, height: tile.height * rows };
  return [
    { name: 'sprite', path, contentType: 'image/jpeg', size: (await stat(path)).size, ...sides },
    { name: 'spriteMap', path: map, contentType: 'text/vtt', size: (await stat(map)).size },
  ];
}

/** Which tile is shown when. Source: W3C WebVTT, Media Fragments URI 1.0 §4.2.2. */
function webVtt({ tile, count, columns, interval, seconds }: SpritePlan): string {
  const cues = Array.from({ length: count }, (_, n) => {
    const end = n === count - 1 ? Math.max(seconds, n * interval + 0.001) : (n + 1) * interval;
    const [x, y] = [(n % columns) * tile.width, Math.floor(n / columns) * tile.height];
    const place = `sprite#xywh=${x},${y},${tile.width},${tile.height}`;
    return `${time(n * interval)} --> ${time(end)}\n${place}\n`;
  });
  return `WEBVTT\n\n${cues.join('\n')}`;
}

function time(seconds: number): string {
  const whole = Math.round(seconds * 1000);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const milliseconds = String(whole % 1000).padStart(3, '0');
  return `${two(whole / 3_600_000)}:${two((whole / 60_000) % 60)}:${two((whole / 1000) % 60)}.${milliseconds}`;
}
