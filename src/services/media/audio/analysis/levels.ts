export const LEVELS_ALGORITHM = 'mixdown-levels@1';

/** The 16-bit sample value of −60 dBFS; anything quieter counts as silence. */
const SILENCE = 33;
/** Shorter pauses are part of the music. */
const PAUSE_SECONDS = 0.5;
/** This many consecutive samples at full scale count as clipping, fewer as an ordinary peak. */
const CLIPPING_RUN = 3;

export interface Levels {
  silence: {
    /**
     * In seconds: before the first sound, after the last, and all pauses of at least half a second.
     */
    leadingSeconds: number;
    trailingSeconds: number;
    totalSeconds: number;
  };
  clipping: {
    /** Samples at full scale, in runs of at least three in one channel. */
    samples: number;
    /** The number of such runs. */
    runs: number;
  };
}

/** Measures silence and clipping in a stream of interleaved 16-bit samples. */
export function makeLevelMeter(sampleRate: number, channels: number) {
  const pause = sampleRate * PAUSE_SECONDS;
  const runs = new Int32Array(channels);
  let frames = 0;
  let lastLoud = -1;
  let leading = -1;
  let inPauses = 0;
  let clipped = 0;
  let clippedRuns = 0;

  function noteLoudFrame(frame: number): void {
    const quiet = frame - lastLoud - 1;
    if (leading < 0) leading = frame;
    if (quiet >= pause) inPauses += quiet;
    lastLoud = frame;
  }

  function countClipping(channel: number, isFull: boolean): void {
    if (isFull) {
      const run = (runs[channel] as number) + 1;
      runs[channel] = run;
      if (run === CLIPPING_RUN) {
        clippedRuns++;
        clipped += CLIPPING_RUN;
      } else if (run > CLIPPING_RUN) clipped++;
    } else runs[channel] = 0;
  }

  return {
    /** Whole frames only. */
    add(samples: Int16Array): void {
      let channel = 0;
      for (let at = 0; at < samples.length; at++) {
        const value = samples[at] as number;
        if (value > SILENCE || value < -SILENCE) {
          const frame = frames + (at - channel) / channels;
          if (frame !== lastLoud) noteLoudFrame(frame);
          const isFull = value === 32_767 || value === -32_768;
          if (isFull || runs[channel] !== 0) countClipping(channel, isFull);
        } else runs[channel] = 0;
        if (++channel === channels) channel = 0;
      }
      frames += samples.length / channels;
    },
    finish(): Levels {
      const trailing = frames - lastLoud - 1;
      const total = inPauses + (trailing >= pause ? trailing : 0);
      const toSeconds = (n: number) => Math.round((n / sampleRate) * 1000) / 1000;
      return {
        silence: {
          leadingSeconds: toSeconds(leading < 0 ? frames : leading),
          trailingSeconds: toSeconds(trailing),
          totalSeconds: toSeconds(total),
        },
        clipping: { samples: clipped, runs: clippedRuns },
      };
    },
  };
}
