import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import { BT2020, buildCubeTable, DISPLAY_P3, type SourceColor } from '../color/to-sdr.ts';
import type { Hdr, VideoTrack } from './containers/container.ts';
import { buildRun, type VideoWork } from './work.ts';

/** What decoded frames say of themselves: more than the container, which is often wrong. */
export interface SourceFrames {
  /** How luma and chroma make up colours, as the scale filter names it, and their range. */
  matrix: 'bt601' | 'bt709' | 'bt2020' | 'smpte240m';
  range: 'tv' | 'pc';
  hdr: Hdr;
  /** Whether colours are converted by the table of `writeColorTable`. */
  needsTable: boolean;
  isInterlaced: boolean;
}

/** Until decoded frames are known. */
export const UNKNOWN_FRAMES: SourceFrames = {
  ...{ matrix: 'bt601', range: 'tv', hdr: null, needsTable: false, isInterlaced: false },
};

const MATRICES: Record<string, SourceFrames['matrix'] | undefined> = {
  ...{ bt709: 'bt709', bt2020nc: 'bt2020', bt2020c: 'bt2020', smpte240m: 'smpte240m' },
  ...{ smpte170m: 'bt601', bt470bg: 'bt601', fcc: 'bt601' },
};
/** By the numbers of ITU-T H.273, table 4. */
const NUMBERED: Record<number, SourceFrames['matrix'] | undefined> = {
  ...{ 1: 'bt709', 4: 'bt601', 5: 'bt601', 6: 'bt601', 7: 'smpte240m', 9: 'bt2020' },
};
const CURVES: Record<string, Hdr | undefined> = { smpte2084: 'PQ', 'arib-std-b67': 'HLG' };
const TABLE = 'to-sdr.cube';
/** Of the first frames: some begin with a progressive one. */
const SEEN_FRAMES = 6;
const HD_HEIGHT = 720;

/** Decodes the first frames to see what they are, and writes the table that their colours need. */
export async function prepareFrames(work: VideoWork): Promise<SourceFrames> {
  const { input, ...bounds } = buildRun(work, 5);
  const end = await runFfmpeg({
    ...bounds,
    input: { ...input, maxSeconds: 5 },
    outputs: [
      ...['-map', `0:v:${work.container.video.index}`, '-frames:v', String(SEEN_FRAMES)],
      ...['-vf', 'showinfo=checksum=0', '-f', 'null', '-'],
    ],
  });
  const { frames, color } = parseFrames(end.log, work.container.video);
  if (color) await writeFile(join(work.workDir, TABLE), buildCubeTable(color));
  return frames;
}

/** Removes the table, if one was written. */
export async function removeColorTable({ workDir }: Pick<VideoWork, 'workDir'>): Promise<void> {
  await rm(join(workDir, TABLE), { force: true });
}

function parseFrames(
  log: string,
  declared: Pick<VideoTrack, 'width' | 'height' | 'hdr' | 'declaredColor'>,
): { frames: SourceFrames; color: SourceColor | null } {
  // Tags of the file cannot match: ffmpeg prints them indented.
  const read = (name: string) =>
    new RegExp(`^\\[Parsed_showinfo\\S* @ \\w+\\] .*${name}:(\\S+)`, 'm').exec(log)?.[1] ?? '';
  const hdr = CURVES[read('color_trc')] ?? (read('color_trc') === 'unknown' ? declared.hdr : null);
  // Untagged pictures are what players take them for: BT.709 from 720 lines on.
  const isHd = Math.min(declared.width, declared.height) >= HD_HEIGHT;
  const untagged = hdr ? 'bt2020' : isHd ? 'bt709' : 'bt601';
  const color = findColor(hdr, read('color_primaries'), read('color_trc'));
  const { matrix, isFullRange } = declared.declaredColor ?? {};
  const isFull = isFullRange ?? (/^yuvj/.test(read(' fmt')) || read('color_range') === 'pc');
  const frames: SourceFrames = {
    matrix: NUMBERED[matrix ?? 0] ?? MATRICES[read('color_space')] ?? untagged,
    range: isFull ? 'pc' : 'tv',
    hdr,
    needsTable: color !== null,
    isInterlaced: /^\[Parsed_showinfo\S* @ \w+\] n: *\d+ .* i:[TB] /m.test(log),
  };
  return { frames, color };
}

function findColor(hdr: Hdr, primaries: string, curve: string): SourceColor | null {
  const isP3 = primaries === 'smpte432';
  const isWide = isP3 || primaries === 'bt2020';
  if (!hdr && !isWide) return null;
  const transfer = hdr ?? (curve === 'iec61966-2-1' ? 'SRGB' : 'BT709');
  return { transfer, toBt709: isP3 ? DISPLAY_P3 : BT2020 };
}

/** Filters that convert colours by the table, from any format to full-range RGB. */
export const buildTableFilter = ({ matrix, range }: SourceFrames): string =>
  `scale=in_color_matrix=${matrix}:in_range=${range},format=gbrp12le,lut3d=file=${TABLE}:interp=tetrahedral`;
