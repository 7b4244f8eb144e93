import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import type { DerivativeFile } from '../processor.ts';
import { refuseFailure } from '../refuse-failure.ts';
import { readLines } from './line-reader.ts';
import { buildResizeFilter, fitWithin, JPEG_OUTPUT, type Size } from './picture.ts';
import { readProgress } from './progress.ts';
import type { Shape } from './shape.ts';
import type { SourceFrames } from './source-frames.ts';
import { buildRun, type VideoWork } from './work.ts';

/** A sprite: a grid of small pictures, evenly spaced over the video, shown while scrubbing. */
export interface SpritePlan {
  tile: Size;
  count: number;
  columns: number;
  rows: number;
  /** Seconds that one tile stands for. */
  interval: number;
  seconds: number;
  frames: SourceFrames;
}

const MOST_TILES = 100;
const MOST_COLUMNS = 10;
const TILE_SIDE = 160;

/** Plans one tile per second, and a hundred at most. */
export function planSprite(shape: Shape, seconds: number, frames: SourceFrames): SpritePlan {
  const interval = Math.max(1, seconds / MOST_TILES);
  const count = Math.min(MOST_TILES, Math.max(1, Math.ceil(seconds / interval - 0.001)));
  const columns = Math.min(MOST_COLUMNS, count);
  return {
    tile: fitWithin(shape, TILE_SIDE, TILE_SIDE),
    ...{ count, columns, rows: Math.ceil(count / columns), interval, seconds, frames },
  };
}

/** Filters from frames to one picture; each tile shows the middle of its interval. */
export function buildSpriteFilter({
  tile,
  count,
  columns,
  rows,
  interval,
  frames,
}: SpritePlan): string {
  return [
    `fps=fps=1/${interval}:start_time=0:round=near:eof_action=pass,${buildResizeFilter(tile, frames, 'JPEG')}`,
    `tpad=stop=${count}:stop_mode=clone,trim=end_frame=${count},tile=${columns}x${rows}`,
  ].join(',');
}

/** Output options of the sprite. */
export const buildSpriteOutput = (label: string): string[] => [
  ...['-map', `[${label}]`, '-frames:v', '1', ...JPEG_OUTPUT, '-q:v', '4'],
  ...['-f', 'image2', '-update', '1', 'file:sprite.jpg'],
];

/**
 * Makes the sprite from keyframes alone, in a fraction of the time. Returns false if there are too
 * few of them, so that every frame has to be decoded.
 */
export async function makeSpriteFromKeyframes(
  work: VideoWork,
  plan: SpritePlan,
  onSeconds: (seconds: number) => void,
): Promise<boolean> {
  const { input, ...bounds } = buildRun(work, plan.seconds / 4);
  let keyframes = 0;
  const graph = [
    `[0:v:${work.container.video.index}]split=2[a][b];[a]${buildSpriteFilter(plan)}[sprite];`,
    '[b]scale=16:16:flags=neighbor[seen]',
  ];
  const end = await runFfmpeg({
    ...bounds,
    input: { ...input, keyframesOnly: true },
    outputs: [
      ...['-progress', 'pipe:1', '-filter_complex', graph.join(''), ...buildSpriteOutput('sprite')],
      ...['-map', '[seen]', '-fps_mode', 'passthrough', '-f', 'framecrc', 'pipe:3'],
    ],
    sinks: [readProgress(({ seconds }) => onSeconds(seconds)), readLines(countKeyframe)],
  });
  function countKeyframe(line: string): void {
    if (!line.startsWith('#')) keyframes += 1;
  }
  refuseFailure(end, 'video');
  return keyframes >= plan.count * 0.6;
}

/** Writes the map, and describes both files of a sprite that was made. */
export async function writeSpriteFiles(
  work: VideoWork,
  plan: SpritePlan,
): Promise<DerivativeFile[]> {
  const path = join(work.workDir, 'sprite.jpg');
  const map = join(work.workDir, 'sprite.vtt');
  await writeFile(map, formatWebVtt(plan));
  const { tile, columns, rows } = plan;
  const sides = { width: tile.width * columns, height: tile.height * rows };
  return [
    { name: 'sprite', path, contentType: 'image/jpeg', size: (await stat(path)).size, ...sides },
    { name: 'spriteMap', path: map, contentType: 'text/vtt', size: (await stat(map)).size },
  ];
}

/** The map: which tile is shown when. Source: W3C WebVTT, Media Fragments URI 1.0 §4.2.2. */
function formatWebVtt({ tile, count, columns, interval, seconds }: SpritePlan): string {
  const cues = Array.from({ length: count }, (_, n) => {
    const end = n === count - 1 ? Math.max(seconds, n * interval + 0.001) : (n + 1) * interval;
    const [x, y] = [(n % columns) * tile.width, Math.floor(n / columns) * tile.height];
    const place = `sprite#xywh=${x},${y},${tile.width},${tile.height}`;
    return `${formatTime(n * interval)} --> ${formatTime(end)}\n${place}\n`;
  });
  return `WEBVTT\n\n${cues.join('\n')}`;
}

function formatTime(seconds: number): string {
  const whole = Math.round(seconds * 1000);
  const pad = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const milliseconds = String(whole % 1000).padStart(3, '0');
  return `${pad(whole / 3_600_000)}:${pad((whole / 60_000) % 60)}:${pad((whole / 1000) % 60)}.${milliseconds}`;
}
