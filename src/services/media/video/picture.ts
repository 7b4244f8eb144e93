import type { Hdr } from './containers/container.ts';
import { asFraction, perSecond, type Rate } from './rate.ts';

/** In pixels. */
export interface Size {
  width: number;
  height: number;
}

const CURVES = { PQ: 'smpte2084', HLG: 'arib-std-b67' } as const;

/** The filters that make it this large, square of pixel, and of an ordinary dynamic range. */
export function resized({ width, height }: Size, hdr: Hdr): string {
  return scaled(`w=${width}:h=${height}`, hdr);
}

/** The same for a picture whose size only the decoder knows: at most `side` wide and high. */
export function fitted(side: number, hdr: Hdr): string {
  const factor = `min(1,${side}/max(iw*sar,ih))`;
  return scaled(`w='max(2,trunc(iw*sar*${factor}))':h='max(2,trunc(ih*${factor}))'`, hdr);
}

/** What a frame carries along of the file's own, and encoders would write. */
const BARE = 'sidedata=mode=delete:type=ICC_PROFILE';

function scaled(size: string, hdr: Hdr): string {
  if (!hdr) return `${BARE},scale=${size},setsar=1`;
  // What the stream forgot to say is taken to be as every HDR video is.
  const named = `color_primaries=bt2020:color_trc=${CURVES[hdr]}:colorspace=bt2020nc`;
  return [
    // Made small first: light is counted in floats, four bytes of each color of each pixel.
    `${BARE},setparams=${named},scale=${size},zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709`,
    'tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=limited,format=yuv420p,setsar=1',
  ].join(',');
}

/**
 * From frames to what the encoder takes: the same number of them in every second. That comes last: of a
 * picture that stands still for long it makes hundreds at once, which are one in memory as long as nothing is
 * done to them.
 */
export function evenly(size: Size, hdr: Hdr, rate: Rate): string {
  const even = `fps=${asFraction(rate)}:start_time=0:eof_action=pass`;
  return `${resized(size, hdr)},format=yuv420p,${even}`;
}

/** What comes after that: the last picture stands still where the sound goes on, and all ends at once. */
export function ending({ still, shown }: { still: number; shown: number }, rate: Rate): string {
  const frames = Math.max(1, Math.round(shown * perSecond(rate)));
  const pad = still > 0 ? `,tpad=stop_mode=clone:stop_duration=${still}` : '';
  return `${pad},trim=end_frame=${frames}`;
}

/** The largest of even sides and the same proportion, with these bounds of its sides. */
export function within(size: Size, longSide: number, shortSide: number): Size {
  const [long, short] = [Math.max(size.width, size.height), Math.min(size.width, size.height)];
  const factor = Math.min(1, longSide / long, shortSide / short);
  const even = (side: number) => Math.max(2, 2 * Math.floor((side * factor + 0.5) / 2));
  return { width: even(size.width), height: even(size.height) };
}

/** How a JPEG leaves ffmpeg. */
export const JPEG = [
  ...['-fps_mode', 'passthrough', '-pix_fmt', 'yuvj420p', '-c:v', 'mjpeg'],
  ...['-map_metadata', '-1', '-bitexact'],
];
