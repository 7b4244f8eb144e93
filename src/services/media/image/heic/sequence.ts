import { corrupt } from '../../media-error.ts';
import type { BufferedFile } from '../formats/buffered-file.ts';
import { refuseSize } from '../formats/picture.ts';
import type { ImageLimits } from '../limits.ts';
import { type Color, isMonochrome, readColor } from './color.ts';
import { type Box, iterateBoxes, loadBox } from './index-box.ts';
import type { CodedPicture } from './layout.ts';
import { type Display, readDisplay } from './turn.ts';

/** The first picture of a sequence. */
export interface Sequence extends Display {
  picture: CodedPicture;
  color: Color;
  isMonochrome: boolean;
  frames: number;
}

/** Bytes of a visual sample entry (ISO/IEC 14496-12 §12.1.3) before the boxes in it. */
const ENTRY_BYTES = 78;

/**
 * Reads the first picture of an image sequence, a track of pictures as in a video; null for a file
 * without such a track. @throws MediaError
 */
export async function readSequence(
  file: BufferedFile,
  limits: ImageLimits,
  count: () => void,
): Promise<Sequence | null> {
  const moov = await loadBox(file, 'moov', count);
  if (!moov) return null;
  const list = (body: Buffer | undefined) => (body ? [...iterateBoxes(body, count)] : []);
  const find = (body: Buffer | undefined, name: string) =>
    list(body).find((box) => box.name === name)?.body;
  for (const { body } of list(moov).filter(({ name }) => name === 'trak')) {
    const media = find(body, 'mdia');
    if (!['pict', 'vide'].includes(find(media, 'hdlr')?.toString('latin1', 8, 12) ?? '')) continue;
    const table = find(find(media, 'minf'), 'stbl');
    const [entry] = list(find(table, 'stsd')?.subarray(8));
    if (entry?.name !== 'hvc1' && entry?.name !== 'hev1') continue;
    const properties = list(entry.body.subarray(ENTRY_BYTES));
    const config = properties.find(({ name }) => name === 'hvcC')?.body;
    const first = findFirstSample(find(table, 'stsz'), find(table, 'stco'), find(table, 'co64'));
    if (!config || !first) throw corrupt('This HEIC file lacks the data of its sequence.');
    return buildSequence(entry.body, properties, { config, ...first }, limits);
  }
  return null;
}

function buildSequence(
  entry: Buffer,
  properties: Box[],
  {
    config,
    samples,
    ...extent
  }: { config: Buffer; samples: number; offset: number; length: number },
  limits: ImageLimits,
): Sequence {
  const size = { width: entry.readUInt16BE(24), height: entry.readUInt16BE(26) };
  refuseSize(size.width, size.height, limits);
  const item = {
    ...{ id: 0, type: 'hvc1', contentType: '', isHidden: false, isInIndex: false },
    ...{ extents: [], references: {}, properties },
  };
  const tile = { tileWidth: size.width, tileHeight: size.height };
  const tiles = [{ config, extents: [extent] }];
  return {
    picture: { ...size, columns: 1, rows: 1, ...tile, tiles },
    ...readDisplay(item, size),
    color: readColor([item]),
    isMonochrome: isMonochrome(config),
    frames: Math.max(1, samples),
  };
}

function findFirstSample(
  sizes: Buffer | undefined,
  offsets: Buffer | undefined,
  wideOffsets: Buffer | undefined,
): { offset: number; length: number; samples: number } | null {
  if (!sizes || sizes.length < 12) return null;
  const samples = sizes.readUInt32BE(8);
  const length = sizes.readUInt32BE(4) || (sizes.length >= 16 ? sizes.readUInt32BE(12) : 0);
  const offset =
    offsets && offsets.length >= 12
      ? offsets.readUInt32BE(8)
      : wideOffsets && wideOffsets.length >= 16
        ? Number(wideOffsets.readBigUInt64BE(8))
        : 0;
  return offset > 0 && length > 0 ? { offset, length, samples } : null;
}
