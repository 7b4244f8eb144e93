import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Sharp } from 'sharp';
import { box, FFMPEG } from './audio.ts';

const run = promisify(execFile);

/** How a HEIC file is made, as none of our encoders writes one. */
export interface HeicOptions {
  /** The side of the tiles that it is composed of; without, it is one picture. */
  tile?: number;
  /** Properties of the picture beside its size, in order: `irot`, `imir`, `clap`, `colr`… */
  properties?: Property[];
  /** The opacity is another picture in the file. */
  alpha?: boolean;
  exif?: Buffer;
  xmp?: string;
  brand?: string;
  pixelFormat?: string;
  /** Filter and options of ffmpeg by which the encoder gets its colours. */
  filter?: string;
  colors?: string[];
  quality?: number;
}

export type Property = readonly [name: string, body: Buffer];

/** Colours as most files declare them: sRGB, the matrix of BT.601, full range. */
export const SRGB: Property = ['colr', nclx(1, 13, 6)];

export function nclx(primaries: number, transfer: number, matrix: number, full = true): Buffer {
  const body = Buffer.from('nclx\0\0\0\0\0\0\0', 'latin1');
  for (const [n, value] of [primaries, transfer, matrix].entries())
    body.writeUInt16BE(value, 4 + n * 2);
  body[10] = full ? 0x80 : 0;
  return body;
}

interface Item {
  type: string;
  data: Buffer;
  hidden?: boolean;
  name?: string;
  properties: Property[];
  references?: [string, number[]][];
}

/** A HEIC file of a picture. Written by hand, after ISO/IEC 23008-12. */
export async function heicOf(picture: Sharp, options: HeicOptions = {}): Promise<Buffer> {
  const { tile, properties = [SRGB], alpha, exif, xmp } = options;
  const { data, info } = await picture.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const items: Item[] = [];
  const add = (item: Item) => items.push(item); // the id
  const shown = addPicture(await encode(data, info, options), info, tile, properties, add);
  if (alpha) {
    const opacity = Buffer.from(data);
    for (let at = 0; at < data.length; at += 4) opacity.fill(data[at + 3] ?? 0, at, at + 3);
    const urn = Buffer.from('\0\0\0\0urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0', 'latin1');
    const coded = await encode(opacity, info, options);
    const plane = addPicture(coded, info, tile, [['auxC', urn]], add);
    const item = items[plane - 1];
    if (item) {
      item.hidden = true;
      item.references = [...(item.references ?? []), ['auxl', [shown]]];
    }
  }
  const describe = (type: string, bytes: Buffer, name?: string) =>
    add({
      ...{ type, data: bytes, hidden: true, properties: [], references: [['cdsc', [shown]]] },
      ...(name && { name }),
    });
  if (exif) describe('Exif', Buffer.concat([Buffer.alloc(4), exif]));
  if (xmp) describe('mime', Buffer.from(xmp), 'application/rdf+xml');
  return assemble(options.brand ?? 'heic', items, shown);
}

/** Frames of a picture that goes round, as a sequence without an index of single pictures. */
export async function heicSequence(frames: number): Promise<Buffer> {
  const source = ['-f', 'lavfi', '-i', `testsrc2=s=320x240:r=10:d=${frames / 10}`];
  const movie = await encodeMovie(source, []);
  const text = movie
    .toString('latin1')
    .replace('hdlr\0\0\0\0\0\0\0\0vide', 'hdlr\0\0\0\0\0\0\0\0pict');
  const bytes = Buffer.from(text, 'latin1');
  bytes.write('hevc', 8, 'latin1');
  bytes.write('msf1hevc', 16, 'latin1');
  return bytes;
}

type Size = { width: number; height: number };

interface Coded {
  config: Buffer;
  samples: Buffer[];
}

function addPicture(
  { config, samples }: Coded,
  { width, height }: Size,
  tile: number | undefined,
  properties: Property[],
  add: (item: Item) => number,
): number {
  const addCoded = (data: Buffer, size: Size, more: Property[], hidden = false) =>
    add({ type: 'hvc1', data, hidden, properties: [['hvcC', config], extent(size), ...more] });
  if (!tile) return addCoded(samples[0] ?? Buffer.alloc(0), { width, height }, properties);
  const ids = samples.map((data) => addCoded(data, { width: tile, height: tile }, [], true));
  const grid = Buffer.alloc(12);
  grid[1] = 1; // wide fields
  [grid[2], grid[3]] = [Math.ceil(height / tile) - 1, Math.ceil(width / tile) - 1];
  grid.writeUInt32BE(width, 4);
  grid.writeUInt32BE(height, 8);
  return add({
    ...{ type: 'grid', data: grid, properties: [extent({ width, height }), ...properties] },
    references: [['dimg', ids]],
  });
}

function extent({ width, height }: Size): Property {
  return ['ispe', numbers([0, 4], [width, 4], [height, 4])];
}

async function encode(data: Buffer, size: Size, options: HeicOptions): Promise<Coded> {
  const { tile, quality = 12, pixelFormat = 'yuv420p' } = options;
  const { filter = 'scale=out_color_matrix=bt601:out_range=full', colors = [] } = options;
  const folder = await mkdtemp(join(tmpdir(), 'mixdown-heic-'));
  try {
    const source = join(folder, 'frames.raw');
    const { width, height } = tile ? { width: tile, height: tile } : size;
    await writeFile(source, tile ? cutTiles(data, size, tile) : data);
    const input = ['-f', 'rawvideo', '-pix_fmt', 'rgba', '-s', `${width}x${height}`, '-i', source];
    const filters = ['-vf', `${filter},format=${pixelFormat}`];
    return splitMovie(await encodeMovie(input, [...filters, ...colors, '-crf', String(quality)]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function encodeMovie(input: string[], options: string[]): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'mixdown-heic-'));
  try {
    const path = join(folder, 'movie.mp4');
    const encoder = ['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1'];
    const params = ['-x265-params', 'keyint=1:log-level=none'];
    await run(FFMPEG, ['-v', 'error', ...input, ...options, ...encoder, ...params, '-y', path]);
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Tiles row by row, RGBA; beyond the edges the last pixels are repeated. */
function cutTiles(data: Buffer, { width, height }: Size, tile: number): Buffer {
  const parts: Buffer[] = [];
  for (let top = 0; top < height; top += tile) {
    for (let left = 0; left < width; left += tile) {
      for (let y = top; y < top + tile; y++) {
        const row = Math.min(y, height - 1) * width * 4;
        const end = Math.min(width, left + tile);
        parts.push(data.subarray(row + left * 4, row + end * 4));
        const edge = data.subarray(row + (end - 1) * 4, row + end * 4);
        for (let x = end; x < left + tile; x++) parts.push(edge);
      }
    }
  }
  return Buffer.concat(parts);
}

/** The configuration and the samples of a movie with one track. */
function splitMovie(movie: Buffer): Coded {
  const after = (name: string) => movie.lastIndexOf(name, -1, 'latin1') + 4;
  const sizes = after('stsz');
  const uniform = movie.readUInt32BE(sizes + 4);
  let at = movie.readUInt32BE(after('stco') + 8);
  const samples = Array.from({ length: movie.readUInt32BE(sizes + 8) }, (_, n) => {
    const size = uniform || movie.readUInt32BE(sizes + 12 + n * 4);
    at += size;
    return movie.subarray(at - size, at);
  });
  const config = after('hvcC');
  const end = config - 8 + movie.readUInt32BE(config - 8);
  return { config: movie.subarray(config, end), samples };
}

function assemble(brand: string, items: Item[], primary: number): Buffer {
  const properties: Property[] = [];
  const ids = new Map<string, number>();
  const indexOf = (property: Property) => {
    const key = `${property[0]} ${property[1].toString('base64')}`;
    if (!ids.has(key)) ids.set(key, properties.push(property));
    return ids.get(key) ?? 0;
  };
  const infos = items.map(({ type, name, hidden }, n) => {
    const head = numbers([2, 1], [hidden ? 1 : 0, 3], [n + 1, 2], [0, 2]);
    return box('infe', Buffer.concat([head, Buffer.from(`${type}\0${name ? `${name}\0` : ''}`)]));
  });
  const uses = items.map(({ properties: own }, n) =>
    numbers([n + 1, 2], [own.length, 1], ...own.map((one) => [indexOf(one) | 0x8000, 2] as const)),
  );
  const references = items.flatMap(({ references: own }, n) => {
    return (own ?? []).map(([name, to]) => {
      const list = to.map((id) => [id, 2] as const);
      return box(name, numbers([n + 1, 2], [to.length, 2], ...list));
    });
  });
  const head = ftyp(brand);
  const build = (start: number) => {
    let at = start;
    const places = items.map(({ data }, n) => {
      at += data.length;
      return numbers([n + 1, 2], [0, 2], [1, 2], [at - data.length, 4], [data.length, 4]);
    });
    const iloc = Buffer.concat([numbers([0, 4], [0x44, 1], [0, 1], [items.length, 2]), ...places]);
    const ipco = box('ipco', Buffer.concat(properties.map(([name, body]) => box(name, body))));
    const ipma = box('ipma', Buffer.concat([numbers([1, 4], [items.length, 4]), ...uses]));
    return box(
      'meta',
      Buffer.concat([
        numbers([0, 4]),
        box('hdlr', Buffer.from(`\0\0\0\0\0\0\0\0pict${'\0'.repeat(13)}`, 'latin1')),
        box('pitm', numbers([0, 4], [primary, 2])),
        box('iloc', iloc),
        box('iinf', Buffer.concat([numbers([0, 4], [items.length, 2]), ...infos])),
        box('iref', Buffer.concat([numbers([0, 4]), ...references])),
        box('iprp', Buffer.concat([ipco, ipma])),
      ]),
    );
  };
  const index = build(head.length + build(0).length + 8);
  return Buffer.concat([head, index, box('mdat', Buffer.concat(items.map(({ data }) => data)))]);
}

function ftyp(brand: string): Buffer {
  return box('ftyp', Buffer.from(`${brand}\0\0\0\0mif1${brand}`, 'latin1'));
}

/** Numbers, each in so many bytes. */
function numbers(...values: (readonly [value: number, bytes: number])[]): Buffer {
  const bytes = Buffer.alloc(values.reduce((sum, [, size]) => sum + size, 0));
  let at = 0;
  for (const [value, size] of values) at = bytes.writeUIntBE(value, at, size);
  return bytes;
}
