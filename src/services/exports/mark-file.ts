import { open } from 'node:fs/promises';
import { buildXmp, type GeneratedTerm } from '../media/metadata/source-type.ts';
import { appendChunk } from './append-chunk.ts';

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
      await appendChunk(file, '_PMX', xmp);
    }
  } finally {
    await file.close();
  }
}
