import { formatFraction, type Rate, toFramesPerSecond } from './rate.ts';
import { buildTableFilter, type SourceFrames } from './source-frames.ts';

/** In pixels. */
export interface Size {
  width: number;
  height: number;
}

/** A filter that says what a frame of a video is, without which players guess: BT.709, of limited range. */
export const NAME_BT709 =
  'setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709';

/** What a picture becomes: a frame of a video, in BT.709, or a JPEG, which by JFIF is in BT.601. */
type Target = 'VIDEO' | 'JPEG';

const TARGETS: Record<Target, { matrix: string; range: string; format: string; name: string }> = {
  VIDEO: {
    ...{ matrix: 'bt709', range: 'tv', format: 'yuv420p' },
    name: `,${NAME_BT709}`,
  },
  JPEG: { matrix: 'bt601', range: 'pc', format: 'yuvj420p', name: '' },
};

/** Filters that scale to this size, with square pixels and standard dynamic range and gamut. */
export function buildResizeFilter(size: Size, frames: SourceFrames, target: Target): string {
  const { width, height } = size;
  // A recorder may turn the picture in mid-stream: a shape that does not fit gets margins.
  const isFitting = `lt(abs(dar*${height}/${width}-1),0.03)`;
  const across = `'if(${isFitting},${width},min(${width},max(2,2*trunc(${height}*dar/2))))'`;
  const down = `'if(${isFitting},${height},min(${height},max(2,2*trunc(${width}/dar/2))))'`;
  const margins = `pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2:eval=frame`;
  return buildScaleFilter(
    `w=${across}:h=${down}:eval=frame`,
    frames,
    target,
    `,setsar=1,${margins}`,
  );
}

/**
 * The same for a picture whose size only the decoder knows: scales it to at most `side` pixels per
 * side.
 */
export function buildFitFilter(side: number, frames: SourceFrames, target: Target): string {
  const factor = `min(1,${side}/max(iw*sar,ih))`;
  const size = `w='max(2,trunc(iw*sar*${factor}))':h='max(2,trunc(ih*${factor}))'`;
  return buildScaleFilter(size, frames, target, ',setsar=1');
}

/** Removes ICC profiles, which frames carry as side data and encoders would write. */
const WITHOUT_PROFILE = 'sidedata=mode=delete:type=ICC_PROFILE';

function buildScaleFilter(
  size: string,
  frames: SourceFrames,
  target: Target,
  after: string,
): string {
  const { matrix, range, needsTable, isInterlaced } = frames;
  const to = TARGETS[target];
  // Fields are put together before anything is scaled: combs could not be undone later.
  const whole = isInterlaced ? 'bwdif=mode=send_frame:deint=interlaced,' : '';
  // The container may claim another range and matrix than the decoder: frames are named by ours.
  const source = needsTable ? '' : `:in_color_matrix=${matrix}:in_range=${range}`;
  const out = `out_color_matrix=${to.matrix}:out_range=${to.range}`;
  const scale = needsTable
    ? `scale=${size},${buildTableFilter(frames)},scale=${out}`
    : `scale=${size}${source}:${out}`;
  return `${WITHOUT_PROFILE},${whole}${scale},format=${to.format}${after}${to.name}`;
}

/**
 * Filters that scale, and convert to a constant frame rate. The fps filter comes last: for a
 * picture that is shown long it emits hundreds of references to one frame, each of which a later
 * filter would copy.
 */
export function buildConstantRateFilter(size: Size, frames: SourceFrames, rate: Rate): string {
  const even = `fps=${formatFraction(rate)}:start_time=0:eof_action=pass`;
  return `${buildResizeFilter(size, frames, 'VIDEO')},${even}`;
}

/**
 * Filters to append after those: freeze the last frame while the sound goes on, and cut at the end.
 */
export function buildEndingFilter(
  { still, shown }: { still: number; shown: number },
  rate: Rate,
): string {
  const frames = Math.max(1, Math.round(shown * toFramesPerSecond(rate)));
  const pad = still > 0 ? `,tpad=stop_mode=clone:stop_duration=${still}` : '';
  return `${pad},trim=end_frame=${frames}`;
}

/**
 * The largest size of the same aspect ratio, with even sides, within these bounds; never enlarged.
 */
export function fitWithin(size: Size, longSide: number, shortSide: number): Size {
  const [long, short] = [Math.max(size.width, size.height), Math.min(size.width, size.height)];
  const factor = Math.min(1, longSide / long, shortSide / short);
  const toEven = (side: number) => Math.max(2, 2 * Math.floor((side * factor + 0.5) / 2));
  return { width: toEven(size.width), height: toEven(size.height) };
}

/** Output options for JPEG. */
export const JPEG_OUTPUT = [
  ...['-fps_mode', 'passthrough', '-pix_fmt', 'yuvj420p', '-c:v', 'mjpeg'],
  ...['-map_metadata', '-1', '-bitexact'],
];
