import { readFileSync } from 'node:fs';
import { deflateRawSync, inflateSync } from 'node:zlib';

// OpenType and WOFF 1.0: a directory of tables, of which `cmap` says which glyph a character has.

/** Reads the code points that a font has glyphs for. */
export function readCharacters(path: string): Set<number> {
  const cmap = findTable(readFileSync(path), 'cmap');
  const found = new Set<number>();
  const count = cmap.readUInt16BE(2);
  for (let n = 0; n < count; n++) {
    const [platform, start] = [cmap.readUInt16BE(4 + 8 * n), cmap.readUInt32BE(8 + 8 * n)];
    const [MACINTOSH, SEGMENTS, GROUPS] = [1, 4, 12];
    if (platform === MACINTOSH) continue; // not in Unicode
    const format = cmap.readUInt16BE(start);
    if (format === SEGMENTS) addSegments(cmap.subarray(start), found);
    if (format === GROUPS) addGroups(cmap.subarray(start), found);
  }
  return found;
}

/** Encodes code points as bits, which are deflated. */
export function encodeCoverage(characters: ReadonlySet<number>): string {
  const bits = Buffer.alloc((Math.max(...characters) >> 3) + 1);
  for (const code of characters) bits[code >> 3] = (bits[code >> 3] ?? 0) | (1 << (code & 7));
  return deflateRawSync(bits, { level: 9 }).toString('base64');
}

function findTable(font: Buffer, wanted: string): Buffer {
  const isWoff = font.toString('latin1', 0, 4) === 'wOFF';
  const [first, size] = isWoff ? [44, 20] : [12, 16];
  const count = font.readUInt16BE(isWoff ? 12 : 4);
  for (let n = 0; n < count; n++) {
    const at = first + n * size;
    if (font.toString('latin1', at, at + 4) !== wanted) continue;
    if (!isWoff) return cut(font, font.readUInt32BE(at + 8), font.readUInt32BE(at + 12));
    const packed = cut(font, font.readUInt32BE(at + 4), font.readUInt32BE(at + 8));
    return packed.length < font.readUInt32BE(at + 12) ? inflateSync(packed) : packed;
  }
  throw new Error(`the font has no table ${wanted}`);
}

const cut = (bytes: Buffer, start: number, length: number) => bytes.subarray(start, start + length);

/** Format 12: groups of characters, each with its first, its last and the glyph of the first. */
function addGroups(table: Buffer, found: Set<number>): void {
  const count = table.readUInt32BE(12);
  for (let n = 0; n < count; n++) {
    const [first, last] = [table.readUInt32BE(16 + 12 * n), table.readUInt32BE(20 + 12 * n)];
    for (let code = first; code <= last; code++) found.add(code);
  }
}

/** Format 4: segments of characters, whose glyphs follow one another or are listed. */
function addSegments(table: Buffer, found: Set<number>): void {
  const count = table.readUInt16BE(6) / 2;
  const read = (array: number, n: number) => table.readUInt16BE(14 + 2 * array * count + 2 * n);
  for (let n = 0; n < count; n++) {
    const last = read(0, n);
    // One number stands between the ends and the starts.
    const first = table.readUInt16BE(16 + 2 * count + 2 * n);
    const delta = table.readUInt16BE(16 + 4 * count + 2 * n);
    const place = 16 + 6 * count + 2 * n;
    const offset = table.readUInt16BE(place);
    for (let code = first; code <= last && code !== 0xffff; code++) {
      const listed = offset === 0 ? code : table.readUInt16BE(place + offset + 2 * (code - first));
      const glyph = listed === 0 ? 0 : (listed + delta) & 0xffff;
      if (glyph !== 0) found.add(code);
    }
  }
}
