/** A box of JUMBF (ISO/IEC 19566-5) with its label, if it is a superbox, and what is in it. */
export interface JumbfBox {
  type: string;
  label: string;
  content: Buffer;
  children: JumbfBox[];
}

/** Boxes that are read of one file, and how deep they may lie in each other. */
const MOST_BOXES = 2000;
const MOST_DEPTH = 8;

/** Reads boxes. What is broken, or too much, ends the list: what was read before it stays. */
export function readJumbf(bytes: Buffer): JumbfBox[] {
  let left = MOST_BOXES;
  return readBoxes(bytes, 0);

  function readBoxes(from: Buffer, depth: number): JumbfBox[] {
    const boxes: JumbfBox[] = [];
    for (let at = 0; at + 8 <= from.length && left-- > 0; ) {
      const short = from.readUInt32BE(at);
      const isWide = short === 1 && at + 16 <= from.length;
      const length = isWide ? Number(from.readBigUInt64BE(at + 8)) : short || from.length - at;
      const start = at + (isWide ? 16 : 8);
      if (length < start - at || at + length > from.length) break;
      boxes.push(
        readBox(from.toString('latin1', at + 4, at + 8), from.subarray(start, at + length), depth),
      );
      at += length;
    }
    return boxes;
  }

  function readBox(type: string, content: Buffer, depth: number): JumbfBox {
    if (type !== 'jumb' || depth >= MOST_DEPTH) return { type, label: '', content, children: [] };
    const [description, ...children] = readBoxes(content, depth + 1);
    const label = description?.type === 'jumd' ? readLabel(description.content) : '';
    return { type, label, content, children };
  }
}

const HAS_LABEL = 0x02;

/** A type of 16 bytes, flags, and a label that ends with a zero byte. */
function readLabel(description: Buffer): string {
  const flags = description[16] ?? 0;
  if (!(flags & HAS_LABEL)) return '';
  const end = description.indexOf(0, 17);
  return end < 0 ? '' : description.toString('utf8', 17, Math.min(end, 17 + 200));
}
