import type { FileHandle } from 'node:fs/promises';

/** Appends a chunk to a WAV that we have written, and says so in its head. */
export async function appendChunk(file: FileHandle, id: string, body: Buffer): Promise<void> {
  const { size } = await file.stat();
  const head = Buffer.alloc(4);
  await file.read(head, 0, head.length, 0);
  const start = Buffer.alloc(8);
  start.write(id, 0, 'latin1');
  start.writeUInt32LE(body.length, 4);
  const chunk = Buffer.concat([start, body, Buffer.alloc(body.length % 2)]);
  await file.write(chunk, 0, undefined, size);
  // RF64 has the size of the file in its first chunk, in 64 bits.
  const isLarge = head.toString('latin1') === 'RF64';
  const length = Buffer.alloc(isLarge ? 8 : 4);
  if (isLarge) length.writeBigUInt64LE(BigInt(size + chunk.length - 8));
  else length.writeUInt32LE(size + chunk.length - 8);
  await file.write(length, 0, undefined, isLarge ? 20 : 4);
}
