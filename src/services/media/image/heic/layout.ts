import { corrupt, MediaError } from '../../media-error.ts';
import type { BufferedFile } from '../formats/buffered-file.ts';
import { refuseSize } from '../formats/picture.ts';
import { ACCEPTED, type ImageLimits } from '../limits.ts';
import type { Box } from './index-box.ts';
import { type Extent, type Item, type Items, openFullBox } from './items.ts';

/** A picture as it is coded: one item, or a grid of tiles of equal size. */
export interface CodedPicture {
  width: number;
  height: number;
  columns: number;
  rows: number;
  tileWidth: number;
  tileHeight: number;
  /** Row by row. */
  tiles: CodedTile[];
}

/** One picture of the codec (HEVC). */
export interface CodedTile {
  /** The decoder's configuration, the body of an `hvcC` box. */
  config: Buffer;
  /** Where it is in the file. */
  extents: Extent[];
}

/** Tiles of an ordinary camera have 512² pixels; smaller ones are accepted down to 64². */
const MOST_TILES = 4096;
const CODEC = 'hvc1';

/**
 * Finds the tiles of a picture. A grid is composed of pictures of the codec alone: a grid of grids,
 * of a few hundred bytes, could keep a decoder busy for days.
 * @throws MediaError
 */
export async function readLayout(
  file: BufferedFile,
  items: Items,
  item: Item,
  limits: ImageLimits,
): Promise<CodedPicture> {
  if (item.type !== 'grid') {
    const tile = readTile(item);
    const size = readSize(item, limits);
    return { ...size, columns: 1, rows: 1, ...toTileSize(size), tiles: [tile] };
  }
  const grid = await readGrid(file, items, item);
  refuseSize(grid.width, grid.height, limits);
  const { columns, rows } = grid;
  const ids = item.references.dimg ?? [];
  if (columns * rows > MOST_TILES) throw new MediaError('TOO_COMPLEX', tooMany);
  if (ids.length !== columns * rows)
    throw corrupt('This HEIC file has not the tiles that its picture is composed of.');
  const parts = ids.map((id) => getItem(items, id));
  const sizes = parts.map((part) => readSize(part, limits));
  const size = sizes[0] ?? { width: 0, height: 0 };
  if (sizes.some(({ width, height }) => width !== size.width || height !== size.height))
    throw corrupt('The tiles of this HEIC file are of different sizes.');
  // Tiles beyond the edges would be decoded for nothing.
  if (
    columns !== Math.ceil(grid.width / size.width) ||
    rows !== Math.ceil(grid.height / size.height)
  )
    throw corrupt('The tiles of this HEIC file do not make up its picture.');
  return { ...grid, ...toTileSize(size), tiles: parts.map(readTile) };
}

const tooMany = 'This image is composed of too many others.';

const toTileSize = ({ width, height }: { width: number; height: number }) => ({
  tileWidth: width,
  tileHeight: height,
});

/** Gets an item that another one refers to. @throws MediaError */
export function getItem(items: Items, id: number): Item {
  const item = items.byId.get(id);
  if (!item) throw corrupt('This HEIC file has not all of the pictures that its index names.');
  return item;
}

/** Finds a property of an item by its name. */
export function findProperty(item: Item, name: string): Box | undefined {
  return item.properties.find((property) => property.name === name);
}

function readTile(item: Item): CodedTile {
  if (item.type !== CODEC) {
    const name = item.type.replaceAll(/[^\x20-\x7e]/g, '?');
    throw new MediaError('UNSUPPORTED_MEDIA', `This is an HEIF image of "${name}"; ${ACCEPTED}.`);
  }
  const config = findProperty(item, 'hvcC')?.body;
  if (!config || config.length < 23 || item.extents.length === 0 || item.isInIndex)
    throw corrupt('This HEIC file lacks the data of its picture.');
  return { config, extents: item.extents };
}

function readSize(item: Item, limits: ImageLimits): { width: number; height: number } {
  const extent = findProperty(item, 'ispe');
  if (!extent) throw corrupt('This HEIC file does not declare the size of its picture.');
  const { fields } = openFullBox(extent);
  const [width, height] = [fields.number(4), fields.number(4)];
  refuseSize(width, height, limits);
  return { width, height };
}

/** Reads the description of a grid (ISO/IEC 23008-12 §6.6.2.3). */
async function readGrid(file: BufferedFile, items: Items, item: Item) {
  const body = await loadItem(file, items, item, 64);
  if (body.length < 8) throw corrupt('The grid of this HEIC file is cut off.');
  const isWide = ((body[1] ?? 0) & 1) === 1;
  if (body.length < (isWide ? 12 : 8)) throw corrupt('The grid of this HEIC file is cut off.');
  return {
    rows: (body[2] ?? 0) + 1,
    columns: (body[3] ?? 0) + 1,
    width: isWide ? body.readUInt32BE(4) : body.readUInt16BE(4),
    height: isWide ? body.readUInt32BE(8) : body.readUInt16BE(6),
  };
}

/** Loads the bytes of a small item, at most so many. */
export async function loadItem(
  file: BufferedFile,
  items: Items,
  { extents, isInIndex }: Item,
  most: number,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let left = most;
  for (const { offset, length } of extents.slice(0, 16)) {
    const taken = Math.min(left, length || left); // a length of 0 means: to the end of the file
    const bytes = isInIndex
      ? items.inIndex.subarray(offset, offset + taken)
      : await file.read(offset, Math.min(taken, Math.max(0, file.size - offset)));
    parts.push(Buffer.from(bytes));
    left -= taken;
  }
  return Buffer.concat(parts);
}
