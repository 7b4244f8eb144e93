import { NAME_BT709 } from '../../media/video/picture.ts';
import type { PicturePlan, Slideshow } from './picture-plan.ts';
import type { PictureGraph } from './render-segment.ts';
import type { Script, Segment, Slide } from './script.ts';

export const nameSlide = (image: number): string => `slide-${image}.png`;
/** RGB as BT.709, which the file says that it is. */
export const TO_YUV = `scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,${NAME_BT709}`;
/** How much is zoomed in at most. */
const ZOOM = 0.12;
/** Where the picture moves to, in turn, as shares of the room that zooming leaves. */
const DIRECTIONS = [
  [0.5, 0.5],
  [0.2, 0.3],
  [0.8, 0.4],
  [0.4, 0.8],
] as const;

/** The images of a segment, slowly moving, one fading over the other. */
export function buildSlideshow(script: Script, segment: Segment): PictureGraph {
  const { crossfade, plan } = script;
  const seen = script.slides
    .map((slide, n) => ({ ...slide, n }))
    .filter(({ from, to }) => from < segment.to && to > segment.from);
  const filters = seen.map((slide, n) => `[${n}:v]${buildSlide(plan, slide, segment)}[s${n}]`);
  let last = '[s0]';
  for (const [n, { from }] of seen.entries()) {
    if (n === 0) continue;
    const offset = (from - segment.from) / plan.fps;
    const fade = `xfade=transition=fade:duration=${crossfade / plan.fps}:offset=${offset}`;
    filters.push(`${last}[s${n}]${crossfade > 0 ? fade : 'concat=n=2:v=1:a=0'}[x${n}]`);
    last = `[x${n}]`;
  }
  filters.push(`${last}null[picture]`);
  const inputs = seen.map(({ image }) => ({ path: nameSlide(image), demuxer: 'png_pipe' }));
  return { inputs, filters };
}

/** One image for as long as it is seen in the segment, as far moved as its frame is in the whole. */
function buildSlide(
  { width, height, fps, show }: PicturePlan,
  { from, to, n }: Slide & { n: number },
  segment: Segment,
): string {
  const first = Math.max(from, segment.from);
  const frames = Math.min(to, segment.to) - first;
  const part = `(on+${first - from})/${to - from}`;
  const [x, y] = DIRECTIONS[n % DIRECTIONS.length] as [number, number];
  const zoom = n % 2 === 0 ? `1+${ZOOM}*${part}` : `1+${ZOOM}-${ZOOM}*${part}`;
  const motion = (show as Slideshow).isMoving
    ? `zoompan=z='${zoom}':x='(iw-iw/zoom)*${x}':y='(ih-ih/zoom)*${y}':`
    : `zoompan=z=1:`;
  return `${TO_YUV},${motion}d=${frames}:s=${width}x${height}:fps=${fps},setsar=1`;
}
