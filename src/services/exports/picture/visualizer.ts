import type { Visualizer } from './picture-plan.ts';
import type { PictureGraph } from './render-segment.ts';
import type { Script, Segment } from './script.ts';
import { TO_YUV } from './slideshow.ts';

/** The files that a visualizer reads, beside its sound. */
export const BACKGROUND = 'background.png';
export const [X_MAP, Y_MAP] = ['x-map.pgm', 'y-map.pgm'];
/** The sound of the whole, at 48 kHz. */
export const SOUND = 'picture.flac';
/** The size of the waves that are bent into a circle. */
export const CIRCLE = { width: 1024, height: 128 };

/** What the music looks like, over a colour or an image. */
export function buildVisualizer({ plan }: Script, { from, to }: Segment): PictureGraph {
  const { width, height, fps } = plan;
  const show = plan.show as Visualizer;
  const color = show.color.replace('#', '0x');
  const seconds = (to - from) / fps;
  const start = from / fps;
  const inputs = [
    { path: SOUND, demuxer: 'flac', options: ['-ss', String(start), '-t', String(seconds)] },
    ...(show.image ? [{ path: BACKGROUND, demuxer: 'png_pipe' }] : []),
    ...(show.style === 'CIRCLE'
      ? [X_MAP, Y_MAP].map((path) => ({ path, demuxer: 'pgm_pipe' }))
      : []),
  ];
  const still = show.image
    ? '[1:v]'
    : `color=c=${show.background.replace('#', '0x')}:s=${width}x${height},trim=end_frame=1,`;
  // Converted once, and not for each frame.
  const background = `${still}${TO_YUV},loop=loop=-1:size=1,setpts=N/${fps}/TB,fps=${fps},setsar=1[back]`;
  const maps = show.image ? [2, 3] : [1, 2];
  const draw: Record<Visualizer['style'], string[]> = {
    WAVEFORM: [
      `[0:a]aformat=channel_layouts=mono,showwaves=s=${width}x${even(height / 3)}:mode=cline:rate=${fps}:colors=${color}:scale=sqrt:draw=full,format=rgba[drawn]`,
    ],
    BARS: [
      `[0:a]aformat=channel_layouts=mono,showfreqs=s=${even(width / 8)}x${even(height / 3)}:rate=${fps}:mode=bar:ascale=cbrt:fscale=log:win_size=2048:averaging=2:colors=${color},scale=${width}:${even(height / 3)}:flags=neighbor,format=rgba,${WITHOUT_BLACK}[drawn]`,
    ],
    SPECTRUM: [
      `[0:a]showcqt=s=${width}x${even(height / 2)}:fps=${fps}:count=1:sono_h=0:axis_h=0:bar_h=${even(height / 2)}:bar_v=10:bar_g=4,format=rgba,${WITHOUT_BLACK}[drawn]`,
    ],
    CIRCLE: [
      `[0:a]aformat=channel_layouts=mono,showwaves=s=${CIRCLE.width}x${CIRCLE.height}:mode=cline:rate=${fps}:colors=${color}:scale=sqrt:draw=full,format=rgba[waves]`,
      ...maps.map(
        (n, at) => `[${n}:v]format=gray16le,loop=loop=-1:size=1,setpts=N/${fps}/TB[map${at}]`,
      ),
      `[waves][map0][map1]remap=fill=black@0[drawn]`,
    ],
  };
  const place = `overlay=x=(W-w)/2:y=${show.style === 'BARS' || show.style === 'SPECTRUM' ? 'H-h' : '(H-h)/2'}:shortest=0:eof_action=repeat`;
  return { inputs, filters: [background, ...draw[show.style], `[back][drawn]${place}[picture]`] };
}

/** Some filters draw on black instead of on nothing. */
const WITHOUT_BLACK = 'colorkey=black:0.05:0.1';

/** The diameter of the circle. */
export const computeDiameter = ({ width, height }: { width: number; height: number }): number =>
  even(Math.min(width, height) * 0.8);

const even = (length: number): number => 2 * Math.round(length / 2);
