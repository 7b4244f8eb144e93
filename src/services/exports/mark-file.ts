import { open } from 'node:fs/promises';
import { buildXmp, type GeneratedTerm } from '../media/metadata/source-type.ts';

// Adds XMP at the end of a file that we have written, where its format has no tag for it (XMP specification, part 3).

/** The type of the box of XMP. */
const BOX = Buffer.from('be7acfcb97a942e89c71999491e3afac', 'hex');

/** Says in an MP4, M4A or WAV that it was generated; other files have a tag for that. */
export async function markFile(path: string, term: GeneratedTerm | undefined): Promise<void> {
  if (!term) return;
  const xmp = Buffer.from(buildXmp(term));
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(28);
    await file.read(head, 0, head.length, 0);
    const format = head.toString('latin1', 0, 4);
    if (head.toString('latin1', 4, 8) === 'ftyp') {
      const start = Buffer.alloc(8);
      start.writeUInt32BE(start.length + BOX.length + xmp.length);
      start.write('uuid', 4, 'latin1');
      await file.write(Buffer.concat([start, BOX, xmp]), 0, undefined, size);
    } else if (format === 'RIFF' || format === 'RF64') {
      const start = Buffer.from('_PMX\0\0\0\0', 'latin1');
      start.writeUInt32LE(xmp.length, 4);
      const chunk = Buffer.concat([start, xmp, Buffer.alloc(xmp.length % 2)]);
      await file.write(chunk, 0, undefined, size);
      // RF64 has the size of the file in its first chunk, in 64 bits.
      const length = Buffer.alloc(format === 'RIFF' ? 4 : 8);
      if (format === 'RIFF') length.writeUInt32LE(size + chunk.length - 8);
      else length.writeBigUInt64LE(BigInt(size + chunk.length - 8));
      await file.write(length, 0, undefined, format === 'RIFF' ? 4 : 20);
    }
  } finally {
    await file.close();
  }
}
