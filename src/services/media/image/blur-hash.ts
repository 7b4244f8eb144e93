const DIGITS =
  '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~';

type Rgb = [number, number, number];

/**
 * A placeholder of some 28 characters, as github.com/woltapp/blurhash describes it: the lowest waves of
 * the picture, `across` × `down` of them. Written here since the package of that name takes the largest
 * wave by its signed value, so that pictures that get brighter to the right or the bottom come out flat.
 */
export function blurHash(
  rgb: Uint8Array,
  width: number,
  height: number,
  across: number,
  down: number,
): string {
  const light = Float64Array.from(rgb, toLinear);
  const [mean = [0, 0, 0], ...waves] = Array.from({ length: across * down }, (_, n) =>
    wave(light, width, height, n % across, Math.floor(n / across)),
  );
  const largest = Math.max(...waves.flat().map(Math.abs));
  const scale = Math.max(0, Math.min(82, Math.floor(largest * 166 - 0.5)));
  const [r, g, b] = mean.map(toSrgb) as Rgb;
  return [
    digits(across - 1 + (down - 1) * 9, 1),
    digits(scale, 1),
    digits((r << 16) | (g << 8) | b, 4),
    ...waves.map((one) => digits(quantised(one, (scale + 1) / 166), 2)),
  ].join('');
}

/** How much of that cosine is in each channel. */
function wave(light: Float64Array, width: number, height: number, i: number, j: number): Rgb {
  const sum: Rgb = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    const vertical = Math.cos((Math.PI * j * y) / height);
    for (let x = 0; x < width; x++) {
      const basis = vertical * Math.cos((Math.PI * i * x) / width);
      const at = 3 * (y * width + x);
      for (let n = 0; n < 3; n++) sum[n] = (sum[n] ?? 0) + basis * (light[at + n] ?? 0);
    }
  }
  const share = (i === 0 && j === 0 ? 1 : 2) / (width * height);
  return sum.map((value) => value * share) as Rgb;
}

/** 19 steps a channel, finer around nought. */
function quantised(color: Rgb, most: number): number {
  const step = (value: number) => {
    const root = Math.sign(value) * Math.sqrt(Math.abs(value / most));
    return Math.max(0, Math.min(18, Math.floor(root * 9 + 9.5)));
  };
  const [r, g, b] = color.map(step) as Rgb;
  return (r * 19 + g) * 19 + b;
}

function digits(value: number, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest = Math.floor(rest / 83)) {
    text = `${DIGITS[rest % 83]}${text}`;
  }
  return text;
}

function toLinear(value: number): number {
  const v = value / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
}

function toSrgb(light: number): number {
  const v = Math.max(0, Math.min(1, light));
  return Math.round(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055));
}
