/** Samples a second. */
export const RATE = 44_100;

/** Two channels that sounds are added to. */
export interface Mix {
  left: Float32Array;
  right: Float32Array;
}

/** The value of a sound at a time, in seconds since its beginning. */
type Sound = (time: number) => number;

const TABLE = 2048;

/** Makes a silent mix of a length in seconds. */
export function makeSilence(seconds: number): Mix {
  const length = Math.round(seconds * RATE);
  return { left: new Float32Array(length), right: new Float32Array(length) };
}

/** Adds a sound to a mix. @param pan −1 is left, 1 is right */
export function add(mix: Mix, sound: Sound, at: number, seconds: number, gain = 1, pan = 0): void {
  const from = Math.round(at * RATE);
  const to = Math.min(from + Math.round(seconds * RATE), mix.left.length);
  const [left, right] = [gain * Math.min(1, 1 - pan), gain * Math.min(1, 1 + pan)];
  for (let n = from; n < to; n++) {
    const value = sound((n - from) / RATE);
    mix.left[n] = (mix.left[n] as number) + value * left;
    mix.right[n] = (mix.right[n] as number) + value * right;
  }
}

/** Makes one period of a wave with these partials, the first being the fundamental. */
function makeWave(...partials: number[]): Float32Array {
  return Float32Array.from({ length: TABLE }, (_, n) =>
    partials.reduce((sum, p, k) => sum + p * Math.sin((2 * Math.PI * (k + 1) * n) / TABLE), 0),
  );
}

const soft = makeWave(1, 0.25, 0.1);
const bright = makeWave(0, 0.5, 0.45, 0.3, 0.2, 0.12);
const round = makeWave(1, 0.4, 0.15);

/**
 * Makes the sound of an electric piano, bright at first, then soft.
 * @param note MIDI number, 69 is A4
 */
export function makePiano(note: number, seconds: number): Sound {
  const step = TABLE * computePitch(note);
  return (t) => {
    const at = Math.floor(t * step) % TABLE;
    const tone = (soft[at] as number) + (bright[at] as number) * Math.exp(-t * 7);
    return tone * Math.exp(-t * 1.6) * fadeEdges(t, seconds);
  };
}

/** Makes the sound of a bass string. */
export function makeBass(note: number, seconds: number): Sound {
  const step = TABLE * computePitch(note);
  return (t) =>
    (round[Math.floor(t * step) % TABLE] as number) * Math.exp(-t * 2) * fadeEdges(t, seconds);
}

/** A bass drum: a tone of falling pitch. */
export const kick: Sound = (t) =>
  Math.sin(2 * Math.PI * (48 * t + (90 / 28) * (1 - Math.exp(-28 * t)))) * Math.exp(-t * 9);

/** Wires under a skin. */
export function makeSnare(): Sound {
  const hiss = makeNoise();
  return (t) =>
    0.7 * hiss() * Math.exp(-t * 17) + 0.5 * Math.sin(2 * Math.PI * 185 * t) * Math.exp(-t * 24);
}

/** A closed cymbal: noise without its lows. */
export function hat(): Sound {
  const hiss = makeNoise();
  let last = 0;
  return (t) => {
    const now = hiss();
    const high = now - last;
    last = now;
    return 0.5 * high * Math.exp(-t * 55);
  };
}

/** Repeats each channel on the other side, fainter each time: a room. */
export function echo({ left, right }: Mix, delay: number, gain: number): void {
  const by = Math.round(delay * RATE);
  for (let n = by; n < left.length; n++) {
    left[n] = (left[n] as number) + gain * (right[n - by] as number);
    right[n] = (right[n] as number) + gain * (left[n - by] as number);
  }
}

/** Compresses loud moments, and scales the loudest to `peak` (1 is full scale). */
export function master(mix: Mix, drive: number, peak: number): void {
  let loudest = 0;
  for (const channel of [mix.left, mix.right]) {
    for (let n = 0; n < channel.length; n++) {
      const value = Math.tanh((channel[n] as number) * drive);
      channel[n] = value;
      loudest = Math.max(loudest, Math.abs(value));
    }
  }
  for (const channel of [mix.left, mix.right]) {
    for (let n = 0; n < channel.length; n++) channel[n] = ((channel[n] as number) * peak) / loudest;
  }
}

function computePitch(note: number): number {
  return 440 * 2 ** ((note - 69) / 12);
}

/** Fades a sound in and out within milliseconds, so that it does not click. */
function fadeEdges(t: number, seconds: number): number {
  return Math.max(0, Math.min(1, t / 0.004, (seconds - t) / 0.06));
}

/** Makes a generator of noise from −1 to 1, the same in every run. */
function makeNoise(): () => number {
  let state = 20_240_101;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}
