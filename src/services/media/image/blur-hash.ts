const DIGITS =
  '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~';

type Rgb = [number, number, number];

/**
 * Encodes a BlurHash, a placeholder of 28 characters for 4 × 3 components, as
 * github.com/woltapp/blurhash describes it: the lowest `across` × `down` frequencies (a discrete
 * cosine transform) of the picture. Written here because the npm package scales by the largest
 * signed component instead of the largest magnitude, which flattens pictures that get brighter to
 * the right or to the bottom.
 */
export function encodeBlurHash(
  rgb: Uint8Array,
  width: number,
  height: number,
  across: number,
  down: number,
): string {
  const light = Float64Array.from(rgb, toLinear);
  const [mean = [0, 0, 0], ...components] = Array.from({ length: across * down }, (_, n) =>
    computeComponent(light, width, height, n % across, Math.floor(n / across)),
  );
  const largest = Math.max(...components.flat().map(Math.abs));
  const scale = Math.max(0, Math.min(82, Math.floor(largest * 166 - 0.5)));
  const [r, g, b] = mean.map(toSrgb) as Rgb;
  return [
    encodeBase83(across - 1 + (down - 1) * 9, 1),
    encodeBase83(scale, 1),
    encodeBase83((r << 16) | (g << 8) | b, 4),
    ...components.map((one) => encodeBase83(quantize(one, (scale + 1) / 166), 2)),
  ].join('');
}

/** The amplitude of one cosine component in each channel. */
function computeComponent(
  light: Float64Array,
  width: number,
  height: number,
  i: number,
  j: number,
): Rgb {
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

/** Quantizes to 19 steps per channel, finer around 0. */
function quantize(color: Rgb, most: number): number {
  const quantizeChannel = (value: number) => {
    const root = Math.sign(value) * Math.sqrt(Math.abs(value / most));
    return Math.max(0, Math.min(18, Math.floor(root * 9 + 9.5)));
  };
  const [r, g, b] = color.map(quantizeChannel) as Rgb;
  return (r * 19 + g) * 19 + b;
}

function encodeBase83(value: number, length: number): string {
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
