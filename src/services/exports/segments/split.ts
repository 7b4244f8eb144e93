import type { Script } from '../picture/script.ts';

/** The share of a job's time that is left for rendering; the rest goes into transfers. */
const RENDERING_SHARE = 0.7;
const FRAMES_OF_1080P = (1920 * 1080 * 30) / 1e6;

/**
 * Divides the segments of a script among jobs, each of which can render its own in its time.
 * @param secondsPerJob seconds of 1080p at 30 frames a second that a job can encode
 */
export function splitSegments(
  { plan, segments }: Script,
  secondsPerJob: number,
): { from: number; to: number }[] {
  const load = (plan.width * plan.height) / 1e6 / FRAMES_OF_1080P;
  const most = secondsPerJob * RENDERING_SHARE;
  const groups: { from: number; to: number; seconds: number }[] = [];
  for (const [n, { from, to }] of segments.entries()) {
    const seconds = (to - from) * load;
    const last = groups.at(-1);
    if (last && last.seconds + seconds <= most)
      Object.assign(last, { to: n + 1, seconds: last.seconds + seconds });
    else groups.push({ from: n, to: n + 1, seconds });
  }
  return groups.map(({ from, to }) => ({ from, to }));
}
