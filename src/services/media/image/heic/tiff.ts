/** An uncompressed picture, row by row. */
export interface PlainPicture {
  width: number;
  height: number;
  /** RGB, or RGB and alpha. */
  channels: 3 | 4;
  isPremultiplied: boolean;
  /** As EXIF counts. */
  orientation: number;
  profile: Buffer | null;
}

const ROWS_PER_STRIP = 64;
/** Types of values (TIFF 6.0 §2). */
const [SHORT, LONG, UNDEFINED] = [3, 4, 7];

/**
 * Builds what precedes the pixels of an uncompressed TIFF file (TIFF 6.0), the simplest format that
 * holds pixels, an ICC profile and an orientation, and that our decoder of images reads by rows.
 */
export function buildTiffHead(picture: PlainPicture): Buffer {
  const { width, height, channels, isPremultiplied, orientation, profile } = picture;
  const strips = Math.ceil(height / ROWS_PER_STRIP);
  const stripBytes = ROWS_PER_STRIP * width * channels;
  const lastStrip = (height - (strips - 1) * ROWS_PER_STRIP) * width * channels;
  const sizes = Array.from({ length: strips }, (_, n) => (n < strips - 1 ? stripBytes : lastStrip));
  const build = (start: number) =>
    buildDirectory([
      entry(256, LONG, [width]),
      entry(257, LONG, [height]),
      entry(258, SHORT, Array(channels).fill(8)),
      entry(259, SHORT, [1]), // not compressed
      entry(262, SHORT, [2]), // RGB
      entry(
        273,
        LONG,
        sizes.map((_, n) => start + n * stripBytes),
      ),
      entry(274, SHORT, [orientation]),
      entry(277, SHORT, [channels]),
      entry(278, LONG, [ROWS_PER_STRIP]),
      entry(279, LONG, sizes),
      ...(channels === 4 ? [entry(338, SHORT, [isPremultiplied ? 1 : 2])] : []),
      ...(profile ? [{ tag: 34_675, type: UNDEFINED, count: profile.length, data: profile }] : []),
    ]);
  // The size of the head does not depend on where the pixels begin.
  return build(build(0).length);
}

interface Entry {
  tag: number;
  type: number;
  count: number;
  data: Buffer;
}

function entry(tag: number, type: number, values: number[]): Entry {
  const size = type === SHORT ? 2 : 4;
  const data = Buffer.alloc(values.length * size);
  for (const [n, value] of values.entries()) data.writeUIntLE(value, n * size, size);
  return { tag, type, count: values.length, data };
}

function buildDirectory(entries: readonly Entry[]): Buffer {
  const table = Buffer.alloc(8 + 2 + entries.length * 12 + 4);
  table.write('II*\0', 'latin1');
  table.writeUInt32LE(8, 4);
  table.writeUInt16LE(entries.length, 8);
  const parts: Buffer[] = [table];
  let end = table.length;
  for (const [n, { tag, type, count, data }] of entries.entries()) {
    const at = 10 + n * 12;
    table.writeUInt16LE(tag, at);
    table.writeUInt16LE(type, at + 2);
    table.writeUInt32LE(count, at + 4);
    if (data.length <= 4) data.copy(table, at + 8);
    else {
      table.writeUInt32LE(end, at + 8);
      const padded = data.length % 2 === 0 ? data : Buffer.concat([data, Buffer.alloc(1)]);
      parts.push(padded);
      end += padded.length;
    }
  }
  return Buffer.concat(parts);
}
