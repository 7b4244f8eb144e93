export const LEVELS_ALGORITHM = 'mixdown-levels@1';

/** Below −60 dBFS nobody hears anything. */
const SILENT = 33;
/** Shorter pauses belong to the music. */
const PAUSE_SECONDS = 0.5;
/** So many samples in a row at full scale are no peak any more: it was cut off there. */
const RUN = 3;

export interface Levels {
  silence: {
    /** Before the first sound, after the last, and of all pauses of half a second and more, in s. */
    leadingSeconds: number;
    trailingSeconds: number;
    totalSeconds: number;
  };
  clipping: {
    /** Samples at full scale, in runs of three and more in one channel. */
    samples: number;
    /** How many such runs. */
    runs: number;
  };
}

/** Listens to interleaved 16-bit samples for what is too quiet to hear, and for what was too loud to keep. */
export function levelMeter(sampleRate: number, channels: number) {
  const pause = sampleRate * PAUSE_SECONDS;
  const runs = new Int32Array(channels);
  let frames = 0;
  let lastLoud = -1;
  let leading = -1;
  let inPauses = 0;
  let clipped = 0;
  let clippedRuns = 0;

  function hear(frame: number): void {
    const quiet = frame - lastLoud - 1;
    if (leading < 0) leading = frame;
    if (quiet >= pause) inPauses += quiet;
    lastLoud = frame;
  }

  function count(channel: number, isFull: boolean): void {
    if (isFull) {
      const run = (runs[channel] as number) + 1;
      runs[channel] = run;
      if (run === RUN) {
        clippedRuns++;
        clipped += RUN;
      } else if (run > RUN) clipped++;
    } else runs[channel] = 0;
  }

  return {
    /** Whole frames only. */
    add(samples: Int16Array): void {
      let channel = 0;
      for (let at = 0; at < samples.length; at++) {
        const value = samples[at] as number;
        if (value > SILENT || value < -SILENT) {
          const frame = frames + (at - channel) / channels;
          if (frame !== lastLoud) hear(frame);
          const isFull = value === 32_767 || value === -32_768;
          if (isFull || runs[channel] !== 0) count(channel, isFull);
        } else runs[channel] = 0;
        if (++channel === channels) channel = 0;
      }
      frames += samples.length / channels;
    },
    result(): Levels {
      const trailing = frames - lastLoud - 1;
      const total = inPauses + (trailing >= pause ? trailing : 0);
      const seconds = (n: number) => Math.round((n / sampleRate) * 1000) / 1000;
      return {
        silence: {
          leadingSeconds: seconds(leading < 0 ? frames : leading),
          trailingSeconds: seconds(trailing),
          totalSeconds: seconds(total),
        },
        clipping: { samples: clipped, runs: clippedRuns },
      };
    },
  };
}
