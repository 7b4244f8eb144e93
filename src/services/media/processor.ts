import type { SegmentPlan } from './video/segment-plan.ts';
import type { MediaWarning } from './warning.ts';

/** A derivative on the local disk. */
export interface DerivativeFile {
  /** What it is for: `preview`, `poster`… Unique within a medium. */
  name: string;
  /** In the work folder. */
  path: string;
  contentType: string;
  /** In bytes. */
  size: number;
  /** In pixels, of images and videos. */
  width?: number;
  height?: number;
}

/** A derivative that will be made, known once the file was probed. */
export interface PlannedDerivative {
  name: string;
  contentType: string;
  /** A medium is READY only with all mandatory ones. If another fails, that is a warning. */
  mandatory: boolean;
}

/**
 * Facts of a file, by the medium's field that stores them: `image`, `video`, `audio`, `analysis`.
 */
export type Facts = Record<string, object>;

/** A file to process, and callbacks for the results. */
export interface ProcessorInput {
  /** A path that we chose: it contains nothing of the client's file name. */
  path: string;
  /** An existing folder for the temporary files of this run alone; the caller deletes it. */
  workDir: string;
  /** The ffmpeg program: an absolute path, or a name in the usual folders. */
  ffmpeg: string;
  signal: AbortSignal;
  /**
   * The most that one job encodes, in seconds of 1080p at 30 frames per second; more is encoded in
   * segments.
   */
  secondsPerJob?: number;
  /** Called with integer percents from 0 to 100, increasing, each at most once. */
  onProgress(percent: number, stage: string): void;
  /**
   * Called once, before any derivative: the facts so far can be published while the rest is made.
   */
  onProbed(probed: Probed): Promise<void>;
  /** Called for each finished derivative; it is published when this resolves. */
  onDerivative(file: DerivativeFile): Promise<void>;
}

export interface Probed {
  /** As detected, whatever was declared. */
  contentType: string;
  facts: Facts;
  derivatives: PlannedDerivative[];
  /** How long it lasts, as far as that is known before it is decoded; none of an image. */
  seconds?: number;
}

/** The result of processing a file. */
export interface Processed {
  contentType: string;
  facts: Facts;
  /** Tags in the file. */
  metadata: object;
  /** The plan for child jobs, if the preview takes more than one job can encode in its time. */
  segments?: SegmentPlan;
  /**
   * Problems that do not fail the file, for the client: derivatives that failed, a file that was
   * cut off.
   */
  warnings: MediaWarning[];
}

/**
 * Examines a file and makes its derivatives. It must not block the event loop for long, its memory
 * must not grow with the file, and no child process may outlive it.
 * @throws MediaError when the file is at fault; the signal's reason when aborted; any other error
 * may be retried
 */
export type MediaProcessor = (input: ProcessorInput) => Promise<Processed>;

/** Forwards progress only when it has grown by at least one percent. */
export function throttleProgress(onProgress: ProcessorInput['onProgress']) {
  let reported = -1;
  return (percent: number, stage: string): void => {
    const whole = Math.min(100, Math.floor(percent));
    if (whole <= reported) return;
    reported = whole;
    onProgress(whole, stage);
  };
}
