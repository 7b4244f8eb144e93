export const WAVEFORM_ALGORITHM = 'audiowaveform-json@2';

/**
 * Points per second: one per pixel on a timeline of 20 px/s, enough to show a song on one screen.
 */
const POINTS_PER_SECOND = 20;

/**
 * Computes waveform peaks of interleaved 16-bit samples: the minimum and maximum of each twentieth
 * of a second, as audiowaveform does at 8 bits (the 16-bit value divided by 256, rounded towards
 * zero).
 */
export function makeWaveformMeter(sampleRate: number, channels: number) {
  const samplesPerPixel = Math.max(1, Math.round(sampleRate / POINTS_PER_SECOND));
  const low = new Int16Array(channels).fill(32_767);
  const high = new Int16Array(channels).fill(-32_768);
  let points = new Int8Array(64 * 1024);
  let length = 0;
  let frames = 0;
  let inPixel = 0;

  function finishPixel(): void {
    if (points.length < length + channels * 2) {
      const larger = new Int8Array(points.length * 2);
      larger.set(points);
      points = larger;
    }
    for (let channel = 0; channel < channels; channel++) {
      points[length++] = Math.trunc((low[channel] as number) / 256);
      points[length++] = Math.trunc((high[channel] as number) / 256);
    }
    low.fill(32_767);
    high.fill(-32_768);
    inPixel = 0;
  }

  return {
    /** Whole frames only. */
    add(samples: Int16Array): void {
      const count = samples.length / channels;
      for (let done = 0; done < count; ) {
        const take = Math.min(count - done, samplesPerPixel - inPixel);
        for (let channel = 0; channel < channels; channel++) {
          let min = low[channel] as number;
          let max = high[channel] as number;
          const end = (done + take) * channels;
          for (let at = done * channels + channel; at < end; at += channels) {
            const value = samples[at] as number;
            if (value < min) min = value;
            if (value > max) max = value;
          }
          low[channel] = min;
          high[channel] = max;
        }
        done += take;
        inPixel += take;
        if (inPixel === samplesPerPixel) finishPixel();
      }
      frames += count;
    },
    /** Sample frames so far: at the end, the decoded length. */
    get frames(): number {
      return frames;
    },
    /** audiowaveform's JSON, version 2. Source: bbc/audiowaveform doc/DataFormat.md */
    toJson(): string {
      if (inPixel > 0) finishPixel();
      const head = {
        version: 2,
        channels,
        sample_rate: sampleRate,
        samples_per_pixel: samplesPerPixel,
        bits: 8,
        length: length / (channels * 2),
      };
      return `${JSON.stringify(head).slice(0, -1)},"data":[${points.subarray(0, length).join()}]}`;
    },
  };
}
