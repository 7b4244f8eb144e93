import { corrupt, MediaError } from '../../media-error.ts';
import { type Box, type Fields, iterateBoxes, openFields } from './index-box.ts';

/** The items of a HEIF file: pictures, tiles, EXIF… Source: ISO/IEC 14496-12 §8.11, 23008-12. */
export interface Items {
  /** The id of the picture to show. */
  primary: number;
  byId: ReadonlyMap<number, Item>;
  /** Small items that are stored in the index itself. */
  inIndex: Buffer;
}

export interface Item {
  id: number;
  /** `hvc1`, `grid`, `Exif`, `mime`… */
  type: string;
  /** Of a `mime` item. */
  contentType: string;
  isHidden: boolean;
  isInIndex: boolean;
  extents: Extent[];
  /** Descriptive and transforming properties, in the order in which they apply. */
  properties: Box[];
  /** The ids that it refers to, by the kind of reference: `dimg`, `auxl`, `thmb`, `cdsc`… */
  references: Record<string, number[] | undefined>;
}

/** A range of bytes. */
export interface Extent {
  offset: number;
  length: number;
}

const HIDDEN = 1;
const IN_FILE = 0;
const IN_INDEX = 1;

/** Reads the items in the body of a `meta` box. @throws MediaError */
export function readItems(index: Buffer, count: () => void): Items {
  const boxes = [...iterateBoxes(index, count)];
  const find = (name: string) => boxes.find((box) => box.name === name);
  const byId = readInfos(find('iinf'), count);
  readLocations(find('iloc'), byId, count);
  readProperties(find('iprp'), byId, count);
  readReferences(find('iref'), byId, count);
  const pitm = find('pitm');
  if (!pitm) throw corrupt('This HEIC file does not say which of its pictures to show.');
  const { version, fields } = openFullBox(pitm);
  const primary = fields.number(version === 0 ? 2 : 4);
  return { primary, byId, inIndex: find('idat')?.body ?? Buffer.alloc(0) };
}

/** Reads version and flags, which most boxes begin with. */
export function openFullBox({ body }: Box): { version: number; flags: number; fields: Fields } {
  const fields = openFields(body);
  return { version: fields.number(1), flags: fields.number(3), fields };
}

function readInfos(iinf: Box | undefined, count: () => void): Map<number, Item> {
  const items = new Map<number, Item>();
  if (!iinf) return items;
  const { version, fields } = openFullBox(iinf);
  fields.number(version === 0 ? 2 : 4);
  for (const box of iterateBoxes(fields.rest(), count)) {
    if (box.name !== 'infe') continue;
    const info = openFullBox(box);
    if (info.version < 2) continue;
    const id = info.fields.number(info.version === 2 ? 2 : 4);
    info.fields.number(2);
    const type = info.fields.text(4);
    const [, contentType = ''] = info.fields.rest().toString('latin1').split('\0');
    items.set(id, {
      ...{ id, type, contentType, isHidden: (info.flags & HIDDEN) === HIDDEN, isInIndex: false },
      ...{ extents: [], properties: [], references: {} },
    });
  }
  return items;
}

function readLocations(iloc: Box | undefined, items: Map<number, Item>, count: () => void): void {
  if (!iloc) return;
  const { version, fields } = openFullBox(iloc);
  const [sizes, more] = [fields.number(1), fields.number(1)];
  const [offsetSize, lengthSize, baseSize] = [sizes >> 4, sizes & 15, more >> 4];
  const indexSize = version === 0 ? 0 : more & 15;
  const idSize = version < 2 ? 2 : 4;
  for (let left = fields.number(idSize); left > 0; left--) {
    const id = fields.number(idSize);
    const method = version === 0 ? IN_FILE : fields.number(2) & 15;
    const isElsewhere = fields.number(2) !== 0 || (method !== IN_FILE && method !== IN_INDEX);
    const base = fields.number(baseSize);
    const extents: Extent[] = [];
    for (let extentsLeft = fields.number(2); extentsLeft > 0; extentsLeft--) {
      count();
      fields.number(indexSize);
      const offset = base + fields.number(offsetSize);
      extents.push({ offset, length: fields.number(lengthSize) });
    }
    const item = items.get(id);
    // What lies in other files, or in other items, is not read: such an item is empty.
    if (item && !isElsewhere) Object.assign(item, { extents, isInIndex: method === IN_INDEX });
  }
}

function readProperties(iprp: Box | undefined, items: Map<number, Item>, count: () => void): void {
  if (!iprp) return;
  const boxes = [...iterateBoxes(iprp.body, count)];
  const ipco = boxes.find(({ name }) => name === 'ipco');
  const properties = ipco ? [...iterateBoxes(ipco.body, count)] : [];
  for (const ipma of boxes.filter(({ name }) => name === 'ipma')) {
    const { version, flags, fields } = openFullBox(ipma);
    const isWide = (flags & 1) === 1;
    for (let left = fields.number(4); left > 0; left--) {
      count();
      const item = items.get(fields.number(version < 1 ? 2 : 4));
      for (let indices = fields.number(1); indices > 0; indices--) {
        // The highest bit says that the property is essential; indices begin with 1.
        const index = isWide ? fields.number(2) & 0x7fff : fields.number(1) & 0x7f;
        const property = properties[index - 1];
        if (item && property) item.properties.push(property);
      }
    }
  }
}

/** Ordinary grids have at most some hundred tiles. */
const MOST_REFERENCES = 10_000;

function readReferences(iref: Box | undefined, items: Map<number, Item>, count: () => void): void {
  if (!iref) return;
  const { version, fields: outer } = openFullBox(iref);
  const size = version === 0 ? 2 : 4;
  let total = 0;
  for (const { name, body } of iterateBoxes(outer.rest(), count)) {
    const fields = openFields(body);
    const from = items.get(fields.number(size));
    const ids: number[] = [];
    for (let left = fields.number(2); left > 0; left--) {
      total += 1;
      if (total > MOST_REFERENCES)
        throw new MediaError('TOO_COMPLEX', 'This image is composed of too many others.');
      ids.push(fields.number(size));
    }
    if (from) from.references[name] = [...(from.references[name] ?? []), ...ids];
  }
}
