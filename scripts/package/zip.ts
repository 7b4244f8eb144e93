import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const STORED = 0;

/** A file in a zip. */
export interface Zipped {
  name: string;
  read(): Buffer;
}

/** Reads what is in a zip from its central directory. */
export function readZip(file: string): Zipped[] {
  const zip = readFileSync(file);
  let end = zip.length - 22;
  while (end >= 0 && zip.readUInt32LE(end) !== END) end -= 1;
  if (end < 0) throw new Error(`${file} is not a zip file.`);
  const entries: Zipped[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (zip.readUInt32LE(at) !== ENTRY) throw new Error(`${file} is damaged.`);
    const [method = 0, name = 0, extra = 0, comment = 0] = [10, 28, 30, 32].map((offset) =>
      zip.readUInt16LE(at + offset),
    );
    const [size = 0, start = 0] = [20, 42].map((offset) => zip.readUInt32LE(at + offset));
    entries.push({
      name: zip.toString('utf8', at + 46, at + 46 + name),
      read: () => readContent(zip, { method, size, start }),
    });
    at += 46 + name + extra + comment;
  }
  return entries;
}

/** Before the content is a header of its own, whose name and extra field may differ in length. */
function readContent(
  zip: Buffer,
  { method, size, start }: { method: number; size: number; start: number },
): Buffer {
  const content = start + 30 + zip.readUInt16LE(start + 26) + zip.readUInt16LE(start + 28);
  const bytes = zip.subarray(content, content + size);
  return method === STORED ? bytes : inflateRawSync(bytes);
}
