import { join } from 'node:path';
import type { RenderInput } from '../../../providers/ffmpeg-render.ts';
import { NAME_BT709 } from '../../media/video/picture.ts';
import { type RenderDir, runStep } from '../sound/run.ts';
import type { Script, Segment } from './script.ts';
import { renderShot } from './shot.ts';
import { buildSlideshow } from './slideshow.ts';
import { buildVisualizer } from './visualizer.ts';

/** A filter graph over our own files whose output is named `picture`. */
export interface PictureGraph {
  inputs: RenderInput[];
  filters: string[];
}

/** The name of a segment's file. */
export const nameSegment = (n: number): string => `part-${n}.mp4`;
export const SUBTITLES = 'subtitles.ass';
export const FONTS_FOLDER = 'fonts';

/** A second of 1080p may take this long to render, in seconds, on a machine with other work. */
const SECONDS_PER_SECOND = 20;

/** Renders one segment without sound from the files in the folder. Returns the path of its file. */
export async function renderSegment(
  dir: RenderDir,
  script: Script,
  n: number,
  onFrame: (frame: number) => void = () => {},
): Promise<string> {
  const { plan } = script;
  const segment = script.segments[n] as Segment;
  const outputs = (graph: string) => [
    ...['-progress', 'pipe:1', '-filter_complex', graph, '-map', '[out]', '-an'],
    ...buildEncoder(script),
    '-f',
    'mp4',
    `file:${nameSegment(n)}`,
  ];
  const sinks = [readFrames(onFrame)];
  const finish = buildFinish(script, segment);
  if (plan.show.type === 'VIDEOS') {
    await renderShot(dir, script, segment, { finish, outputs, sinks });
  } else {
    const build = plan.show.type === 'SLIDESHOW' ? buildSlideshow : buildVisualizer;
    const { inputs, filters } = build(script, segment);
    const graph = [...filters, `[picture]${finish}[out]`].join(';');
    const seconds = ((segment.to - segment.from) / plan.fps) * SECONDS_PER_SECOND;
    await runStep(dir, seconds, { inputs, outputs: outputs(graph), sinks });
  }
  return join(dir.workDir, nameSegment(n));
}

/** Writes over the pictures what belongs there, and makes them exactly as many as there should be. */
function buildFinish({ plan }: Script, { from, to }: Segment): string {
  const { fps, titles, cues } = plan;
  const start = from / fps;
  const hasText = titles.length > 0 || cues.length > 0;
  return [
    `fps=${fps}:start_time=0`,
    'tpad=stop=-1:stop_mode=clone',
    `trim=end_frame=${to - from}`,
    // Subtitles are in times of the whole.
    ...(hasText
      ? [
          `setpts=PTS+${start}/TB`,
          `ass=${SUBTITLES}:fontsdir=${FONTS_FOLDER}`,
          `setpts=PTS-${start}/TB`,
        ]
      : []),
    'format=yuv420p',
    NAME_BT709, // filters before this may have dropped it
  ].join(',');
}

/** H.264 that players everywhere decode, with a keyframe every two seconds. */
function buildEncoder({ plan }: Script): string[] {
  const [preset, quality] = plan.isPreview ? ['ultrafast', '28'] : ['veryfast', '20'];
  return [
    ...['-c:v', 'libx264', '-preset', preset, '-profile:v', 'high', '-crf', quality],
    ...['-g', String(2 * plan.fps), '-r', String(plan.fps), '-map_metadata', '-1', '-bitexact'],
  ];
}

function readFrames(onFrame: (frame: number) => void) {
  return (chunk: Buffer) => {
    const found = /frame=(\d+)/.exec(chunk.toString('latin1'));
    if (found) onFrame(Number(found[1]));
  };
}
