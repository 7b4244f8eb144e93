// Conversion of wide gamut and high dynamic range to sRGB, for pictures and, as a table, for videos.

/** How a signal from 0 to 1 stands for light. */
type Transfer = 'SRGB' | 'BT709' | 'PQ' | 'HLG' | 'LINEAR' | { gamma: number };
/** Three rows that turn linear light of other primaries into that of BT.709 and sRGB. */
export type Matrix = readonly (readonly [number, number, number])[];

/** The colour of a file, where it is not sRGB. */
export interface SourceColor {
  transfer: Transfer;
  /** null for the primaries of sRGB. */
  toBt709: Matrix | null;
}

export const BT2020: Matrix = [
  [1.660491, -0.587641, -0.07285],
  [-0.12455, 1.1329, -0.008349],
  [-0.018151, -0.100579, 1.11873],
];
export const DISPLAY_P3: Matrix = [
  [1.22494, -0.22494, 0],
  [-0.042057, 1.042057, 0],
  [-0.019638, -0.078636, 1.098274],
];

/** In nits: the white of standard video within HDR. Source: ITU-R BT.2408. */
const REFERENCE_WHITE = 203;
/** The HLG signal of reference white, 75 %, as scene light. */
const HLG_WHITE = 0.265;
/** Brighter light than this share of white is compressed, so that highlights keep their drawing. */
const KNEE = 0.8;
/** The brightest light that is told apart, in multiples of reference white: 1000 nits. */
const PEAK = 1000 / REFERENCE_WHITE;

/** Makes a function that converts one colour in place: three signals from 0 to 1. */
export function makeSdrConverter({ transfer, toBt709 }: SourceColor): (rgb: Float64Array) => void {
  const isHdr = transfer === 'PQ' || transfer === 'HLG';
  return (rgb) => {
    for (let n = 0; n < 3; n++) rgb[n] = toLight(rgb[n] ?? 0, transfer);
    if (toBt709) multiply(rgb, toBt709);
    fitGamut(rgb);
    if (isHdr) compressHighlights(rgb);
    for (let n = 0; n < 3; n++) rgb[n] = toSrgb(rgb[n] ?? 0);
  };
}

/** Light in multiples of reference white. */
function toLight(signal: number, transfer: Transfer): number {
  if (typeof transfer === 'object') return signal ** transfer.gamma;
  if (transfer === 'LINEAR') return signal;
  if (transfer === 'PQ') return fromPq(signal) / REFERENCE_WHITE;
  if (transfer === 'HLG') return fromHlg(signal) / HLG_WHITE;
  if (transfer === 'BT709') {
    return signal < 0.081 ? signal / 4.5 : ((signal + 0.099) / 1.099) ** (1 / 0.45);
  }
  return signal <= 0.04045 ? signal / 12.92 : ((signal + 0.055) / 1.055) ** 2.4;
}

/** In nits. Source: SMPTE ST 2084. */
function fromPq(signal: number): number {
  const power = signal ** (1 / 78.84375);
  return (
    10_000 *
    (Math.max(0, power - 0.8359375) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
  );
}

/** Scene light from 0 to 1. Source: ITU-R BT.2100. */
function fromHlg(signal: number): number {
  if (signal <= 0.5) return signal ** 2 / 3;
  return (Math.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12;
}

function toSrgb(light: number): number {
  const bounded = Math.max(0, Math.min(1, light));
  return bounded <= 0.0031308 ? 12.92 * bounded : 1.055 * bounded ** (1 / 2.4) - 0.055;
}

function multiply(rgb: Float64Array, matrix: Matrix): void {
  const [r = 0, g = 0, b = 0] = rgb;
  for (const [n, [x, y, z]] of matrix.entries()) rgb[n] = x * r + y * g + z * b;
}

/** Moves a colour outside of the gamut towards grey, so that its hue stays: cutting would change it. */
function fitGamut(rgb: Float64Array): void {
  const [r = 0, g = 0, b = 0] = rgb;
  const least = Math.min(r, g, b);
  if (least >= 0) return;
  const grey = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  const share = grey <= 0 ? 0 : grey / (grey - least);
  for (let n = 0; n < 3; n++) rgb[n] = Math.max(0, grey + ((rgb[n] ?? 0) - grey) * share);
}

/** Compresses by the brightest channel, the others in proportion: hue and saturation stay. */
function compressHighlights(rgb: Float64Array): void {
  const most = Math.max(rgb[0] ?? 0, rgb[1] ?? 0, rgb[2] ?? 0);
  if (most <= KNEE) return;
  const above = (most - KNEE) / (1 - KNEE);
  const peak = (PEAK - KNEE) / (1 - KNEE);
  const compressed = (above * (1 + above / peak ** 2)) / (1 + above);
  const scale = Math.min(1, KNEE + (1 - KNEE) * compressed) / most;
  for (let n = 0; n < 3; n++) rgb[n] = (rgb[n] ?? 0) * scale;
}

/** Fine enough that dark parts of saturated colours stay within one step of 8 bits or two. */
const TABLE_SIZE = 65;

/** Builds a table (.cube) of the conversion, which ffmpeg's lut3d interpolates. */
export function buildCubeTable(color: SourceColor): string {
  const convert = makeSdrConverter(color);
  const lines = [`LUT_3D_SIZE ${TABLE_SIZE}`];
  const rgb = new Float64Array(3);
  const last = TABLE_SIZE - 1;
  for (let b = 0; b <= last; b++) {
    for (let g = 0; g <= last; g++) {
      for (let r = 0; r <= last; r++) {
        rgb.set([r / last, g / last, b / last]);
        convert(rgb);
        lines.push([...rgb].map((value) => value.toFixed(6)).join(' '));
      }
    }
  }
  return `${lines.join('\n')}\n`;
}
