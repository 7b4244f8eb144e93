import type { Hdr } from './containers/container.ts';
import { formatFraction, type Rate, toFramesPerSecond } from './rate.ts';

/** In pixels. */
export interface Size {
  width: number;
  height: number;
}

const CURVES = { PQ: 'smpte2084', HLG: 'arib-std-b67' } as const;

/** Filters that scale to this size, with square pixels and standard dynamic range. */
export function buildResizeFilter({ width, height }: Size, hdr: Hdr): string {
  return buildScaleFilter(`w=${width}:h=${height}`, hdr);
}

/**
 * The same for a picture whose size only the decoder knows: scales it to at most `side` pixels per
 * side.
 */
export function buildFitFilter(side: number, hdr: Hdr): string {
  const factor = `min(1,${side}/max(iw*sar,ih))`;
  return buildScaleFilter(`w='max(2,trunc(iw*sar*${factor}))':h='max(2,trunc(ih*${factor}))'`, hdr);
}

/** Removes ICC profiles, which frames carry as side data and encoders would write. */
const WITHOUT_PROFILE = 'sidedata=mode=delete:type=ICC_PROFILE';

function buildScaleFilter(size: string, hdr: Hdr): string {
  if (!hdr) return `${WITHOUT_PROFILE},scale=${size},setsar=1`;
  // Color properties that the stream does not declare are set to those of all HDR video.
  const named = `color_primaries=bt2020:color_trc=${CURVES[hdr]}:colorspace=bt2020nc`;
  return [
    // Scaled first, because linear light is computed in floats: four bytes per channel and pixel.
    `${WITHOUT_PROFILE},setparams=${named},scale=${size},zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709`,
    'tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=limited,format=yuv420p,setsar=1',
  ].join(',');
}

/**
 * Filters that scale, and convert to a constant frame rate. The fps filter comes last: for a
 * picture that is shown long it emits hundreds of references to one frame, each of which a later
 * filter would copy.
 */
export function buildConstantRateFilter(size: Size, hdr: Hdr, rate: Rate): string {
  const even = `fps=${formatFraction(rate)}:start_time=0:eof_action=pass`;
  return `${buildResizeFilter(size, hdr)},format=yuv420p,${even}`;
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
