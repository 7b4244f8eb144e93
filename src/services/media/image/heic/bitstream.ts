import { open } from 'node:fs/promises';
import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt, MediaError } from '../../media-error.ts';
import { openFields } from './index-box.ts';
import type { CodedPicture, CodedTile } from './layout.ts';

const START = Buffer.from([0, 0, 0, 1]);
/** Bytes read at a time. */
const STEP = 8 * 1024 * 1024;
/** Below it are the slices of pictures; the three kinds of parameter sets follow. */
const FIRST_PARAMETERS = 32;
const LAST_PARAMETERS = 34;

/**
 * Writes the tiles of a picture as one stream of HEVC (ITU-T H.265 annex B), in which each tile is
 * a frame, so that one decoder takes them all. @throws MediaError
 */
export async function writeBitstream(
  file: BoundedFile,
  { tiles }: CodedPicture,
  path: string,
): Promise<void> {
  await using target = await open(path, 'w');
  let config: Buffer | null = null;
  for (const tile of tiles) {
    // Most files describe all tiles by one configuration.
    const isNew = config === null || !tile.config.equals(config);
    config = tile.config;
    if (isNew) await target.write(Buffer.concat(readParameters(config).flatMap(addStart)));
    const units = splitUnits(await loadTile(file, tile), ((config[21] ?? 0) & 3) + 1);
    await target.write(Buffer.concat(units.flatMap(addStart)));
  }
}

const addStart = (unit: Buffer) => [START, unit];

/** Reads the parameter sets in a decoder's configuration (ISO/IEC 14496-15 §8.3.3.1). */
function readParameters(config: Buffer): Buffer[] {
  const fields = openFields(config.subarray(22));
  const units: Buffer[] = [];
  for (let arrays = fields.number(1); arrays > 0; arrays--) {
    const type = fields.number(1) & 0x3f;
    for (let left = fields.number(2); left > 0; left--) {
      const unit = Buffer.from(fields.text(fields.number(2)), 'latin1');
      if (type >= FIRST_PARAMETERS && type <= LAST_PARAMETERS) units.push(unit);
    }
  }
  return units;
}

/** Splits the data of a picture into its units, each preceded by its length. */
function splitUnits(data: Buffer, lengthSize: number): Buffer[] {
  const units: Buffer[] = [];
  for (let at = 0; at + lengthSize < data.length; ) {
    const length = data.readUIntBE(at, lengthSize);
    at += lengthSize;
    if (length < 2 || at + length > data.length)
      throw corrupt('The data of this HEIC file is broken.');
    // Other units (such as comments of the encoder) are not needed to decode.
    if ((data[at] ?? 0) >> 1 <= LAST_PARAMETERS) units.push(data.subarray(at, at + length));
    at += length;
  }
  return units;
}

async function loadTile(file: BoundedFile, { extents }: CodedTile): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (const { offset, length: declared } of extents) {
    const length = declared || file.size - offset; // 0 means: to the end of the file
    if (length < 0 || offset + length > file.size)
      throw corrupt('This HEIC file ends within its picture: it was cut off.');
    if (parts.length > 100)
      throw new MediaError('TOO_COMPLEX', 'This image is made of too many parts.');
    for (let at = 0; at < length; at += STEP)
      parts.push(await file.read(offset + at, Math.min(STEP, length - at)));
  }
  return Buffer.concat(parts);
}
