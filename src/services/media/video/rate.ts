/** A frame rate as a fraction, `over / under`. */
export interface Rate {
  over: number;
  under: 1 | 1001;
}

const MOST_PER_SECOND = 60;
/** The rates that films, cameras and screens have. */
const STANDARD = [1, 2, 5, 10, 12, 15, 20, 24, 25, 30, 48, 50, 60];

/**
 * Chooses the frame rate of preview and stream: the video's own up to 60, else an integer fraction
 * of it, so that all frames are shown equally long. A variable rate becomes the next standard one
 * above its average, at least 24; an unknown one 30.
 */
export function chooseOutputRate(frameRate: number | null, isVariable: boolean): Rate {
  if (frameRate === null || frameRate <= 0) return { over: 30, under: 1 };
  if (isVariable) {
    const least = Math.max(24, frameRate * 0.98);
    return { over: STANDARD.find((rate) => rate >= least) ?? MOST_PER_SECOND, under: 1 };
  }
  const part = frameRate / Math.ceil(frameRate / (MOST_PER_SECOND * 1.01));
  const whole = Math.max(1, Math.round(part));
  // NTSC rates are a thousandth lower than their name: 29.97 is 30000/1001.
  const isSlower = Math.abs(part - (whole * 1000) / 1001) < Math.abs(part - whole);
  const isNear = Math.abs(part - whole) < 0.02 * whole;
  if (isNear) return isSlower ? { over: whole * 1000, under: 1001 } : { over: whole, under: 1 };
  return { over: Math.min(MOST_PER_SECOND, Math.max(1, Math.ceil(part))), under: 1 };
}

export const toFramesPerSecond = ({ over, under }: Rate): number => over / under;
export const formatFraction = ({ over, under }: Rate): string => `${over}/${under}`;
