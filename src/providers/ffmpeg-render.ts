import { type FfmpegEnd, type FfmpegProcess, startProcess } from './ffmpeg-process.ts';

/** A run of ffmpeg over files that we wrote ourselves. */
export interface FfmpegRender extends FfmpegProcess {
  /** In the order in which filters and maps count them. */
  inputs: readonly RenderInput[];
  /** Everything after the inputs: filters, maps, encoders, `file:` and `pipe:` targets. */
  outputs: readonly string[];
}

export interface RenderInput {
  path: string;
  /** ffmpeg's name of the format that we wrote it in. */
  demuxer: string;
  /** Options of this input: `-loop`, `-ss`, `-framerate`. */
  options?: readonly string[];
}

/**
 * Renders from several inputs, all of which this process wrote or decoded before: what clients
 * uploaded goes through `runFfmpeg`. Limits and ends as there.
 * @throws the signal's reason, a sink's error, or an Error when ffmpeg cannot be started
 */
export function renderWithFfmpeg(run: FfmpegRender): Promise<FfmpegEnd> {
  const inputs = run.inputs.flatMap(({ path, demuxer, options = [] }) => [
    ...['-protocol_whitelist', 'file', '-format_whitelist', demuxer],
    ...[...options, '-f', demuxer, '-i', `file:${path}`],
  ]);
  return startProcess(run, ['-nostdin', '-nostats', '-y', ...inputs, ...run.outputs]);
}
