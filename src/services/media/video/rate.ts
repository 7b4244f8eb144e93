/** A rate of frames as a fraction, the way encoders want it. */
export interface Rate {
  over: number;
  under: 1 | 1001;
}

const MOST = 30;

/**
 * The rate of what is made of a video: its own where it is at most 30, else an even part of it, so
 * that no frame is shown longer than another. What varies gets the nearest that holds it all.
 */
export function outputRate(frameRate: number | null, isVariable: boolean): Rate {
  if (frameRate === null || isVariable || frameRate <= 0) return { over: MOST, under: 1 };
  const part = frameRate / Math.ceil(frameRate / (MOST * 1.01));
  const whole = Math.max(1, Math.round(part));
  // Film and television run a thousandth slower than the number they are called by.
  const isSlower = Math.abs(part - (whole * 1000) / 1001) < Math.abs(part - whole);
  const isNear = Math.abs(part - whole) < 0.02 * whole;
  if (isNear) return isSlower ? { over: whole * 1000, under: 1001 } : { over: whole, under: 1 };
  return { over: Math.min(MOST, Math.max(1, Math.ceil(part))), under: 1 };
}

export const perSecond = ({ over, under }: Rate): number => over / under;
export const asFraction = ({ over, under }: Rate): string => `${over}/${under}`;
