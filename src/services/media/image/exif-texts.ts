import { MediaError } from '../media-error.ts';
import { type Bytes, readDirectory, readTiffHead } from './formats/ifd.ts';

/** Tags of the first directory in which generators write, by the names of EXIF. */
const TEXTS: Record<string, number> = {
  ...{ ImageDescription: 0x010e, Make: 0x010f, Model: 0x0110, Software: 0x0131, Artist: 0x013b },
};
const EXIF = 0x8769;
const USER_COMMENT = 0x9286;
const MOST_BYTES = 1024 * 1024;

/** Reads the texts of an EXIF block, whatever was written into them; none of a broken one. */
export async function readExifTexts(
  bytes: Bytes,
  mostBytes = MOST_BYTES,
): Promise<[key: string, text: string][]> {
  const texts: [string, string][] = [];
  try {
    const head = readTiffHead(await bytes.read(0, 8));
    if (!head) return texts;
    const main = await readDirectory(bytes, head.first, head.endian);
    for (const [name, tag] of Object.entries(TEXTS)) {
      const text = await main.readText(tag, mostBytes);
      if (text) texts.push([name, text]);
    }
    const [at] = await main.readNumbers(EXIF);
    if (!at) return texts;
    const exif = await readDirectory(bytes, at, head.endian);
    const comment = decodeComment(await exif.readBytes(USER_COMMENT, mostBytes), head.endian);
    if (comment) texts.push(['UserComment', comment]);
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
  }
  return texts;
}

/** A comment begins with the name of its encoding (EXIF 2.3 §4.6.5), of which UNICODE is UTF-16. */
function decodeComment(comment: Buffer, endian: 'LE' | 'BE'): string {
  const body = comment.subarray(8);
  if (comment.toString('latin1', 0, 7) !== 'UNICODE') {
    const isNamed = /^(ASCII|JIS|\0{3})/.test(comment.toString('latin1', 0, 5));
    return (isNamed ? body : comment).toString('utf8').replaceAll('\0', '');
  }
  const even = Buffer.from(body.subarray(0, body.length - (body.length % 2)));
  // Its byte order should be that of the file, but some libraries always write one of the two.
  const zeros = countZeros(even, 0) - countZeros(even, 1);
  const isBig = zeros === 0 ? endian === 'BE' : zeros > 0;
  return (isBig ? even.swap16() : even).toString('utf16le').replaceAll('\0', '');
}

function countZeros(bytes: Buffer, from: 0 | 1): number {
  let zeros = 0;
  for (let at = from; at < bytes.length; at += 2) if (bytes[at] === 0) zeros += 1;
  return zeros;
}
