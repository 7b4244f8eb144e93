import { crc32 } from 'node:zlib';

/** Adds text chunks to a PNG, where ComfyUI keeps the prompt that made it. */
export function addPngText(png: Buffer, texts: Record<string, string>): Buffer {
  // After the signature and the header, which has 13 bytes of content.
  const at = 8 + 12 + 13;
  const chunks = Object.entries(texts).map(([key, text]) => makeChunk(key, text));
  return Buffer.concat([png.subarray(0, at), ...chunks, png.subarray(at)]);
}

function makeChunk(key: string, text: string): Buffer {
  // `tEXt` is Latin-1; what is not goes into `iTXt`, uncompressed, as Pillow writes it.
  const isLatin = [...text].every((letter) => letter.charCodeAt(0) < 256);
  const [type, content] = isLatin
    ? ['tEXt', Buffer.from(`${key}\0${text}`, 'latin1')]
    : ['iTXt', Buffer.concat([Buffer.from(`${key}\0\0\0\0\0`, 'latin1'), Buffer.from(text)])];
  const body = Buffer.concat([Buffer.from(type as string, 'latin1'), content as Buffer]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(body.length - 4, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}
