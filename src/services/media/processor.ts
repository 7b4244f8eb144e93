import type { SegmentPlan } from './video/segment-plan.ts';

/** A file that was made of a medium. */
export interface DerivativeFile {
  /** What it is for: `preview`, `poster`… Unique within a medium. */
  name: string;
  /** Under the work folder; whoever takes it leaves it there. */
  path: string;
  contentType: string;
  /** In bytes. */
  size: number;
  /** In pixels, of pictures and of moving ones. */
  width?: number;
  height?: number;
}

/** A derivative that will be made, said as soon as the file is understood. */
export interface PlannedDerivative {
  name: string;
  contentType: string;
  /** READY means that all of these are there. Of the others one may fail, and leaves a warning. */
  mandatory: boolean;
}

/** What the decoder tells, by the name of the medium's own field: `image`, `video`, `audio`, `analysis`. */
export type Facts = Record<string, object>;

/** A file to be looked at, and those who want to hear of what is found. */
export interface ProcessorInput {
  /** A file made by us, never a client's name. */
  path: string;
  /** An existing folder of this run alone: every temporary file is in it, and the caller removes it. */
  workDir: string;
  /** The program: an absolute path, or a name in the usual folders. */
  ffmpeg: string;
  signal: AbortSignal;
  /** What is longer, in seconds of 1080p at 30 frames a second, is left to be encoded in segments. */
  secondsPerJob?: number;
  /** Called with 0, 100, and whole percents between, each once and in order; weighted by work. */
  onProgress(percent: number, stage: string): void;
  /** Called once, before anything is made: the facts known so far are shown while the rest is made. */
  onProbed(probed: Probed): Promise<void>;
  /** Called as soon as a derivative is there; it is shown when this resolves. */
  onDerivative(file: DerivativeFile): Promise<void>;
}

export interface Probed {
  /** By its bytes, whatever was declared. */
  contentType: string;
  facts: Facts;
  derivatives: PlannedDerivative[];
}

/** All that was found in a file. */
export interface Processed {
  contentType: string;
  facts: Facts;
  /** What the file says of itself. */
  metadata: object;
  /** Of a video whose preview is more than one job can encode in its time: how child jobs do. */
  segments?: SegmentPlan;
  /** What is worth telling about a file that is accepted all the same: derivatives that failed, oddities. */
  warnings: string[];
}

/**
 * Looks into one file of a kind and makes its derivatives. The event loop is never held for long, memory
 * does not grow with the file, and no process is left behind.
 * @throws MediaError when the file is at fault; the signal's reason when aborted; any other error is worth
 * another try
 */
export type MediaProcessor = (input: ProcessorInput) => Promise<Processed>;

/** Forwards only what is at least one percent more than what was told last. */
export function wholePercents(onProgress: ProcessorInput['onProgress']) {
  let told = -1;
  return (percent: number, stage: string): void => {
    const whole = Math.min(100, Math.floor(percent));
    if (whole <= told) return;
    told = whole;
    onProgress(whole, stage);
  };
}
