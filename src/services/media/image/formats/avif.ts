import { corrupt, MediaError } from '../../media-error.ts';
import type { ImageLimits } from '../limits.ts';
import { type Picture, partCounter, refuseSize } from './picture.ts';
import type { Window } from './window.ts';

/** The index of an honest picture has some hundred bytes; of one of many tiles, some thousand. */
const INDEX = 1024 * 1024;

/**
 * An AVIF file (AV1 Image File Format 1.1), from the sizes in its index; null when it is none. HEIC, its
 * sister with another codec, is none.
 */
export async function readAvif(file: Window, limits: ImageLimits): Promise<Picture | null> {
  const head = await file.at(0, 16);
  if (head.length < 16 || head.toString('latin1', 4, 8) !== 'ftyp') return null;
  const brands = (await file.at(8, Math.min(256, head.readUInt32BE(0) - 8))).toString('latin1');
  // The second four bytes are a version. Brands have four characters each, at even places.
  if (!/^(?:....)*?(?:avif|avis)/s.test(brands)) return null;
  const index = await findIndex(file, limits);
  const own = { ...limits, pixels: Math.min(limits.pixels, limits.avifPixels) };
  const { width, height } = largest(index, own);
  refuseManyTiles(index, limits);
  return { format: 'avif', contentType: 'image/avif', width, height, frames: null };
}

async function findIndex(file: Window, limits: ImageLimits): Promise<Buffer> {
  const count = partCounter(limits);
  for (let at = 0; at + 8 <= file.size; ) {
    count();
    const head = await file.at(at, 16);
    const short = head.readUInt32BE(0);
    const isWide = short === 1 && head.length === 16;
    const size = isWide ? Number(head.readBigUInt64BE(8)) : short || file.size - at;
    const start = isWide ? 16 : 8;
    if (size < start) throw corrupt('This AVIF file has a box shorter than its own header.');
    if (head.toString('latin1', 4, 8) === 'meta') {
      if (size > INDEX)
        throw new MediaError('TOO_COMPLEX', 'The index of this image is too large.');
      if (at + size > file.size) throw corrupt('This AVIF file ends within its index.');
      return await file.at(at + start + 4, size - start - 4); // after version and flags
    }
    at += size;
  }
  throw corrupt('This AVIF file has no index: it was cut off, or never finished.');
}

/** The largest picture in the index: a decoder makes room for each that it is made of. */
function largest(index: Buffer, limits: ImageLimits): { width: number; height: number } {
  const count = partCounter(limits);
  const found = { width: 0, height: 0 };
  for (const properties of boxesIn(index, 'iprp', count)) {
    for (const container of boxesIn(properties, 'ipco', count)) {
      for (const extent of boxesIn(container, 'ispe', count)) {
        if (extent.length < 12) throw corrupt('This AVIF file has a size that is cut short.');
        const [width, height] = [extent.readUInt32BE(4), extent.readUInt32BE(8)];
        refuseSize(width, height, limits);
        if (width * height > found.width * found.height) Object.assign(found, { width, height });
      }
    }
  }
  if (found.width === 0) throw corrupt('This AVIF file does not say how large it is.');
  return found;
}

/**
 * A picture may be put together of others, and those of others again, each named many times: some hundred
 * bytes could keep a decoder busy for days. One level of it is enough for any honest file.
 */
function refuseManyTiles(index: Buffer, limits: ImageLimits): void {
  const count = partCounter(limits);
  const parts = new Map<number, number[]>();
  for (const references of boxesIn(index, 'iref', count)) {
    const width = references[0] === 0 ? 2 : 4; // by its version, the first of four bytes
    for (const body of boxesIn(references.subarray(4), 'dimg', count)) {
      const { from, to } = readReference(body, width);
      const all = [...(parts.get(from) ?? []), ...to];
      if (all.length > limits.tiles) throw tooManyTiles();
      parts.set(from, all);
    }
  }
  const isMany = (id: number) => (parts.get(id)?.length ?? 0) > 1;
  for (const [id, of] of parts) if (isMany(id) && of.some(isMany)) throw tooManyTiles();
}

/** The id of an item, how many there are, and the ids of those it is made of. */
function readReference(body: Buffer, width: number): { from: number; to: number[] } {
  const count = Math.max(0, Math.floor((body.length - 2) / width) - 1);
  const to = Array.from({ length: count }, (_, n) => body.readUIntBE(width + 2 + n * width, width));
  return { from: body.length < width ? 0 : body.readUIntBE(0, width), to };
}

function tooManyTiles(): MediaError {
  return new MediaError('TOO_COMPLEX', 'This image is put together of too many others.');
}

function* boxesIn(parent: Buffer, name: string, count: () => void): Generator<Buffer> {
  for (let at = 0; at + 8 <= parent.length; ) {
    count();
    const size = parent.readUInt32BE(at);
    if (size < 8 || at + size > parent.length) {
      throw corrupt('This AVIF file has a box that is longer than what it is in.');
    }
    if (parent.toString('latin1', at + 4, at + 8) === name)
      yield parent.subarray(at + 8, at + size);
    at += size;
  }
}
