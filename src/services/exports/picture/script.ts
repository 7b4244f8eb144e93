import type { PicturePlan, Slideshow, Videos } from './picture-plan.ts';

/** What is seen in each frame: a plan whose length is known to the frame. */
export interface Script {
  plan: PicturePlan;
  frames: number;
  /** Of a slideshow: the index of its image, and its first frame. */
  slides: Slide[];
  /** Frames in which two slides are seen. */
  crossfade: number;
  shots: Shot[];
  /** Rendered one by one, by this or other jobs, and joined without decoding. */
  segments: Segment[];
}

/** An image from its first frame to the one after its last, which the next image fades over. */
export interface Slide {
  image: number;
  from: number;
  to: number;
}

/** A piece of a video. */
export interface Shot {
  video: number;
  from: number;
  to: number;
  /** Where it begins in its source, in seconds. */
  at: number;
}

export interface Segment {
  from: number;
  to: number;
}

/** Each image that is seen in a segment is held in memory. */
const MOST_SLIDES = 8;
/** In seconds; a segment that has to be rendered again costs no more. */
const MOST_SECONDS = 120;

/**
 * Writes the script of so many frames.
 * @param firstBeat of the beat to cut to, in seconds
 */
export function writeScript(plan: PicturePlan, frames: number, firstBeat: number): Script {
  const { show, fps } = plan;
  const starts = show.type === 'SLIDESHOW' ? planStarts(show, frames, fps, firstBeat) : [];
  const shortest = Math.min(...starts.map((start, n) => (starts[n + 1] ?? frames) - start));
  const wanted = show.type === 'SLIDESHOW' ? Math.round(show.crossfade * fps) : 0;
  const crossfade = starts.length > 1 ? Math.max(0, Math.min(wanted, Math.floor(shortest / 2))) : 0;
  const count = show.type === 'SLIDESHOW' ? show.images.length : 1;
  const slides = starts.map((from, n): Slide => {
    const next = starts[n + 1];
    return { image: n % count, from, to: next === undefined ? frames : next + crossfade };
  });
  const shots = show.type === 'VIDEOS' ? planShots(show, frames, fps) : [];
  const script = { plan, frames, slides, crossfade, shots };
  return { ...script, segments: cutSegments(script) };
}

/** The first frame of each image. Images without a length share what is left; else all are repeated. */
function planStarts(
  { images, bpm }: Slideshow,
  frames: number,
  fps: number,
  firstBeat: number,
): number[] {
  const given = images.map(({ seconds }) => (seconds === null ? null : seconds * fps));
  const open = given.filter((length) => length === null).length;
  const sum = given.reduce<number>((total, length) => total + (length ?? 0), 0);
  const share = open > 0 ? Math.max(fps / 2, (frames - sum) / open) : 0;
  const starts: number[] = [];
  for (let at = 0, n = 0; at < frames - 0.5; n++) {
    starts.push(bpm === null ? Math.round(at) : snapToBeat(at, { bpm, firstBeat, fps }));
    at += given[n % given.length] ?? share;
    // Rounding must not bring the first image back for the last frame.
    if (open > 0 && n + 1 === images.length && at > frames - fps / 2) break;
  }
  return [...new Set(starts)].filter((start) => start < frames);
}

function snapToBeat(
  frame: number,
  { bpm, firstBeat, fps }: { bpm: number; firstBeat: number; fps: number },
): number {
  if (frame === 0) return 0;
  const period = 60 / bpm;
  const beat = Math.max(0, Math.round((frame / fps - firstBeat) / period));
  return Math.round((firstBeat + beat * period) * fps);
}

/** Videos one after the other, from the beginning again until the end. */
function planShots({ videos }: Videos, frames: number, fps: number): Shot[] {
  const shots: Shot[] = [];
  for (let from = 0, n = 0; from < frames; n++) {
    const video = n % videos.length;
    const { from: at, to: end } = videos[video] as Videos['videos'][number];
    const to = Math.min(frames, from + Math.max(1, Math.round((end - at) * fps)));
    shots.push({ video, from, to, at });
    from = to;
  }
  return shots;
}

/** Cuts where one picture alone is seen; a shot is a segment of its own, or several. */
function cutSegments({
  plan,
  frames,
  slides,
  crossfade,
  shots,
}: Omit<Script, 'segments'>): Segment[] {
  const most = MOST_SECONDS * plan.fps;
  const cuts = new Set([0, ...shots.map(({ from }) => from)]);
  for (const [n, { from }] of slides.entries()) {
    if (n > 0 && n % MOST_SLIDES === 0) cuts.add(from + crossfade);
  }
  const sorted = [...cuts].filter((cut) => cut < frames).sort((a, b) => a - b);
  return sorted.flatMap((from, n): Segment[] => {
    const to = sorted[n + 1] ?? frames;
    const pieces: Segment[] = [];
    for (let at = from; at < to; ) {
      const end = to - at > most ? avoidCrossfades(at + most, slides, crossfade) : to;
      pieces.push({ from: at, to: Math.min(to, end) });
      at = end;
    }
    return pieces;
  });
}

function avoidCrossfades(frame: number, slides: Slide[], crossfade: number): number {
  const fading = slides.slice(1).find(({ from }) => frame > from && frame < from + crossfade);
  return fading ? fading.from + crossfade : frame;
}
