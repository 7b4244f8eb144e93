import { corrupt, MediaError } from '../../media-error.ts';
import { findBox, readBoxes, readTopLevel } from '../../mp4-boxes.ts';
import { type CodedColor, readCodedColor } from '../coded-color.ts';
import type { ImageLimits } from '../limits.ts';
import type { BufferedFile } from './buffered-file.ts';
import { loadTopBox } from './load-box.ts';
import { makePartCounter, type Picture, refuseSize } from './picture.ts';

/**
 * The `meta` box of an ordinary picture has a few hundred bytes, of one with many tiles a few
 * thousand.
 */
const MOST_INDEX_BYTES = 1024 * 1024;

/**
 * Reads the sizes in the index (`meta` box) of an AVIF file (AV1 Image File Format 1.1); null for
 * another format, such as HEIC, the same container with another codec.
 */
export async function readAvif(file: BufferedFile, limits: ImageLimits): Promise<Picture | null> {
  const head = await file.read(0, 16);
  if (head.length < 16 || head.toString('latin1', 4, 8) !== 'ftyp') return null;
  const brands = (await file.read(8, Math.min(256, head.readUInt32BE(0) - 8))).toString('latin1');
  // Four bytes each: the major brand, a version, the compatible brands.
  if (!/^(?:....)*?(?:avif|avis)/s.test(brands)) return null;
  const index = await findIndex(file, limits);
  const avifLimits = { ...limits, pixels: Math.min(limits.pixels, limits.avifPixels) };
  const { width, height } = findLargest(index, avifLimits);
  refuseManyTiles(index, limits);
  const type = { format: 'avif', contentType: 'image/avif' } as const;
  const sequence = /^avis/.test(brands) ? await readSequence(file, limits) : null;
  return {
    ...{ ...type, width, height, color: readColor(index, limits) },
    frames: sequence?.frames ?? null,
    ...(sequence && { isSequence: true }),
  };
}

/** The first colour by numbers (nclx), unless there is an ICC profile. */
function readColor(index: Buffer, limits: ImageLimits): CodedColor | null {
  const count = makePartCounter(limits);
  let coded: CodedColor | null = null;
  for (const properties of findBoxes(index, 'iprp', count)) {
    for (const container of findBoxes(properties, 'ipco', count)) {
      for (const color of findBoxes(container, 'colr', count)) {
        const kind = color.toString('latin1', 0, 4);
        if (kind === 'prof' || kind === 'rICC') return null;
        if (kind !== 'nclx' || color.length < 10) continue;
        coded ??= readCodedColor(color.readUInt16BE(4), color.readUInt16BE(6));
      }
    }
  }
  return coded;
}

/** Counts the frames of the first track of pictures; null without one. */
async function readSequence(
  file: BufferedFile,
  limits: ImageLimits,
): Promise<{ frames: number } | null> {
  const { moov } = await readTopLevel({ ...file, close: async () => {} }, 0);
  for (const track of readBoxes(moov, 'trak')) {
    const media = findBox(track, 'mdia');
    const details = media && findBox(media, 'minf');
    const table = details && findBox(details, 'stbl');
    const sizes = table && findBox(table, 'stsz')?.body;
    if (sizes && sizes.length >= 12) {
      return { frames: Math.min(limits.frames, Math.max(1, sizes.readUInt32BE(8))) };
    }
  }
  return null;
}

async function findIndex(file: BufferedFile, limits: ImageLimits): Promise<Buffer> {
  const wanted = { name: 'meta', format: 'AVIF', mostBytes: MOST_INDEX_BYTES } as const;
  const index = await loadTopBox(file, wanted, makePartCounter(limits));
  if (index) return index.subarray(4); // after version and flags
  throw corrupt('This AVIF file has no index (meta): it was cut off, or never finished.');
}

/**
 * The largest picture in the index: a decoder allocates memory for each picture that the image
 * consists of.
 */
function findLargest(index: Buffer, limits: ImageLimits): { width: number; height: number } {
  const count = makePartCounter(limits);
  const found = { width: 0, height: 0 };
  for (const properties of findBoxes(index, 'iprp', count)) {
    for (const container of findBoxes(properties, 'ipco', count)) {
      for (const extent of findBoxes(container, 'ispe', count)) {
        if (extent.length < 12) throw corrupt('This AVIF file declares an incomplete size.');
        const [width, height] = [extent.readUInt32BE(4), extent.readUInt32BE(8)];
        refuseSize(width, height, limits);
        if (width * height > found.width * found.height) Object.assign(found, { width, height });
      }
    }
  }
  if (found.width === 0) throw corrupt('This AVIF file does not declare its size.');
  return found;
}

/**
 * Refuses nested and large grids of tiles. A picture may be composed of others, those again of
 * others, and each may be referenced many times: a few hundred bytes could keep a decoder busy for
 * days. Ordinary files have one level of tiles.
 */
function refuseManyTiles(index: Buffer, limits: ImageLimits): void {
  const count = makePartCounter(limits);
  const parts = new Map<number, number[]>();
  for (const references of findBoxes(index, 'iref', count)) {
    const width = references[0] === 0 ? 2 : 4; // bytes of an item id, by the version of the box
    for (const body of findBoxes(references.subarray(4), 'dimg', count)) {
      const { from, to } = readReference(body, width);
      const all = [...(parts.get(from) ?? []), ...to];
      if (all.length > limits.tiles) throw tooManyTiles();
      parts.set(from, all);
    }
  }
  const isMany = (id: number) => (parts.get(id)?.length ?? 0) > 1;
  for (const [id, of] of parts) if (isMany(id) && of.some(isMany)) throw tooManyTiles();
}

/** Reads the id of an item and the ids of the items that it is composed of. */
function readReference(body: Buffer, width: number): { from: number; to: number[] } {
  const count = Math.max(0, Math.floor((body.length - 2) / width) - 1);
  const to = Array.from({ length: count }, (_, n) => body.readUIntBE(width + 2 + n * width, width));
  return { from: body.length < width ? 0 : body.readUIntBE(0, width), to };
}

function tooManyTiles(): MediaError {
  return new MediaError('TOO_COMPLEX', 'This image is composed of too many others.');
}

function* findBoxes(parent: Buffer, name: string, count: () => void): Generator<Buffer> {
  for (let at = 0; at + 8 <= parent.length; ) {
    count();
    const size = parent.readUInt32BE(at);
    if (size < 8 || at + size > parent.length) {
      throw corrupt('This AVIF file has a box that is longer than the box that contains it.');
    }
    if (parent.toString('latin1', at + 4, at + 8) === name)
      yield parent.subarray(at + 8, at + size);
    at += size;
  }
}
