import { corrupt } from '../../media-error.ts';
import type { BufferedFile } from '../formats/buffered-file.ts';
import { makePartCounter } from '../formats/picture.ts';
import type { ImageLimits } from '../limits.ts';
import { type Color, isMonochrome, readColor } from './color.ts';
import { loadBox } from './index-box.ts';
import { type Item, type Items, readItems } from './items.ts';
import { type CodedPicture, findProperty, getItem, loadItem, readLayout } from './layout.ts';
import { readSequence } from './sequence.ts';
import { type Display, readDisplay } from './turn.ts';

/** What the index of a HEIC file says of the picture to show. */
export interface HeicImage extends Display {
  picture: CodedPicture;
  /** The opacity of each pixel, of the same size; null when all are opaque. */
  alpha: CodedPicture | null;
  isPremultiplied: boolean;
  color: Color;
  isMonochrome: boolean;
  /** An EXIF block and an XMP packet; null without. */
  exif: Buffer | null;
  xmp: Buffer | null;
  /** Frames of a sequence, or pictures of a collection. */
  frames: number;
  isSequence: boolean;
}

const MOST_METADATA_BYTES = 1024 * 1024;
const ALPHA = /^urn:mpeg:(hevc:2015:auxid:1|mpegB:cicp:systems:auxiliary:alpha)\0/;

/**
 * Reads the index of a HEIC file: of the picture to show, or else of the first of a sequence.
 * @throws MediaError
 */
export async function readHeicImage(file: BufferedFile, limits: ImageLimits): Promise<HeicImage> {
  const count = makePartCounter({ ...limits, parts: limits.parts * 10 });
  const sequence = await readSequence(file, limits, count);
  const index = (await loadBox(file, 'meta', count))?.subarray(4); // after version and flags
  if (!index || !isOfPictures(index)) {
    if (sequence) return { ...NOTHING_ELSE, ...sequence, isSequence: true };
    throw corrupt('This HEIC file has no index (meta): it was cut off, or never finished.');
  }
  const image = await readPrimary(file, readItems(index, count), limits);
  return sequence ? { ...image, frames: sequence.frames, isSequence: true } : image;
}

const NOTHING_ELSE = { alpha: null, isPremultiplied: false, exif: null, xmp: null };

/** The index of a movie's metadata has another handler. */
function isOfPictures(index: Buffer): boolean {
  const at = index.indexOf('hdlr', 0, 'latin1');
  return at >= 0 && index.toString('latin1', at + 12, at + 16) === 'pict';
}

async function readPrimary(
  file: BufferedFile,
  items: Items,
  limits: ImageLimits,
): Promise<HeicImage> {
  const shown = getItem(items, items.primary);
  // An identity (`iden`) is another picture, turned.
  const [inner] = shown.type === 'iden' ? (shown.references.dimg ?? []) : [];
  const item = inner === undefined ? shown : getItem(items, inner);
  const picture = await readLayout(file, items, item, limits);
  const firstTile = items.byId.get(item.references.dimg?.[0] ?? 0);
  const properties =
    inner === undefined ? item.properties : [...item.properties, ...shown.properties];
  const all = [...items.byId.values()];
  const findMetadata = (is: (item: Item) => boolean) =>
    all.find((one) => is(one) && one.references.cdsc?.includes(items.primary)) ?? all.find(is);
  const exif = findMetadata(({ type }) => type === 'Exif');
  const xmp = findMetadata(({ contentType }) => contentType === 'application/rdf+xml');
  return {
    picture,
    ...readDisplay({ ...item, properties }, picture),
    ...(await readAlpha(file, items, item, picture, limits)),
    color: readColor([shown, item, firstTile]),
    isMonochrome: picture.tiles.every(({ config }) => isMonochrome(config)),
    exif: exif ? skipExifPrefix(await loadItem(file, items, exif, MOST_METADATA_BYTES)) : null,
    xmp: xmp ? await loadItem(file, items, xmp, MOST_METADATA_BYTES) : null,
    frames: Math.max(1, countPictures(all)),
    isSequence: false,
  };
}

/** An alpha plane that cannot be used is left out: the picture is shown without it. */
async function readAlpha(
  file: BufferedFile,
  items: Items,
  item: Item,
  { width, height }: CodedPicture,
  limits: ImageLimits,
): Promise<Pick<HeicImage, 'alpha' | 'isPremultiplied'>> {
  const plane = [...items.byId.values()].find(
    (one) =>
      one.references.auxl?.includes(item.id) &&
      ALPHA.test(findProperty(one, 'auxC')?.body.toString('latin1', 4) ?? ''),
  );
  const alpha = plane ? await readLayout(file, items, plane, limits) : null;
  if (!alpha || alpha.width !== width || alpha.height !== height)
    return { alpha: null, isPremultiplied: false };
  const isPremultiplied = item.references.prem?.includes(plane?.id ?? -1) ?? false;
  return { alpha, isPremultiplied };
}

/** An EXIF item begins with the offset of the TIFF header in what follows. */
function skipExifPrefix(block: Buffer): Buffer | null {
  if (block.length < 8) return null;
  const exif = block.subarray(4 + block.readUInt32BE(0));
  return exif.length > 8 ? exif : null;
}

/** Counts the pictures that are shown by themselves: no tiles, thumbnails or planes. */
function countPictures(all: readonly Item[]): number {
  const tiles = new Set(all.flatMap(({ references }) => references.dimg ?? []));
  return all.filter(
    ({ id, type, isHidden, references }) =>
      ['hvc1', 'grid', 'iden'].includes(type) &&
      !(isHidden || tiles.has(id) || references.thmb || references.auxl),
  ).length;
}
