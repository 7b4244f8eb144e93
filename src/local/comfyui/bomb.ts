import { constants, crc32, deflateRawSync } from 'node:zlib';

const SIDE = 60_000;
const REPEATS = 100;

/** Makes a PNG of half a megabyte that is 60,000 × 60,000 pixels, 450 MB, when it is decoded. */
export function makePictureBomb(): Buffer {
  const row = Math.ceil(SIDE / 8) + 1; // one bit a pixel, after the byte that names the filter
  const total = row * SIDE;
  // A part that ends on a byte and refers to nothing before it can be repeated as it is.
  const part = deflateRawSync(Buffer.alloc(total / REPEATS), {
    finishFlush: constants.Z_FULL_FLUSH,
  });
  const end = Buffer.from([0x03, 0x00]); // an empty last block
  const sum = Buffer.alloc(4);
  sum.writeUInt16BE(total % 65_521, 0); // Adler-32 of nothing but zeros
  sum.writeUInt16BE(1, 2);
  const pixels = Buffer.concat([Buffer.from([0x78, 0x01]), ...Array(REPEATS).fill(part), end, sum]);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(SIDE, 0);
  head.writeUInt32BE(SIDE, 4);
  head[8] = 1; // bit a pixel, grey
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    makeChunk('IHDR', head),
    makeChunk('IDAT', pixels),
    makeChunk('IEND', Buffer.alloc(0)),
  ]);
}

function makeChunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), content]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(content.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}
