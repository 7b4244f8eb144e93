import { copyFile, open } from 'node:fs/promises';
import { type OggPage, readOggPages } from './containers/ogg-pages.ts';

const HEAD_BYTES = 256 * 1024;
const CONTINUED = 1;

/** Whether a packet is one of the three headers of Vorbis: information, comments, setup. */
const isVorbisHeader = (packet: Buffer) =>
  [1, 3, 5].includes(packet[0] ?? 0) && packet.toString('latin1', 1, 7) === 'vorbis';

/**
 * Whether the headers of Vorbis stand again among the first pages with sound. Some encoders did that;
 * other decoders skip them, ffmpeg refuses the file.
 */
export function repeatsVorbisHeaders(pages: readonly OggPage[]): boolean {
  let packets = 0;
  for (const page of pages) {
    for (const { bytes, isStart } of splitPackets(page)) {
      if (!isStart) continue;
      packets += 1;
      if (packets > 3 && isVorbisHeader(bytes)) return true;
    }
  }
  return false;
}

/** Copies an Ogg file without the repeated headers. Pages keep their places: a gap is skipped. */
export async function removeRepeatedHeaders(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const file = await open(to, 'r+');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const pages = [...readOggPages(buffer.subarray(0, bytesRead))];
    let packets = 0;
    let isDropping = false;
    for (const page of pages) {
      const kept: Packet[] = [];
      const all = splitPackets(page);
      for (const packet of all) {
        if (packet.isStart) {
          packets += 1;
          isDropping = packets > 3 && isVorbisHeader(packet.bytes);
        }
        if (!isDropping) kept.push(packet);
      }
      if (kept.length === all.length) continue;
      const page2 = kept.length > 0 ? buildPage(page, kept) : Buffer.alloc(0);
      const gap = Buffer.alloc(page.end - page.start - page2.length);
      await file.write(Buffer.concat([gap, page2]), 0, page.end - page.start, page.start);
    }
  } finally {
    await file.close();
  }
}

/** A packet, or the part of one that is in a page. */
interface Packet {
  bytes: Buffer;
  lacing: number[];
  /** Whether it begins in this page. */
  isStart: boolean;
}

function splitPackets({ flags, lacing, body }: OggPage): Packet[] {
  const packets: Packet[] = [];
  let values: number[] = [];
  let at = 0;
  let from = 0;
  const finish = () => {
    const isStart = packets.length > 0 || (flags & CONTINUED) === 0;
    packets.push({ bytes: body.subarray(from, at), lacing: values, isStart });
    [values, from] = [[], at];
  };
  for (const value of lacing) {
    values.push(value);
    at += value;
    if (value < 255) finish();
  }
  if (values.length > 0) finish();
  return packets;
}

function buildPage({ header, flags }: OggPage, packets: readonly Packet[]): Buffer {
  const lacing = Buffer.from(packets.flatMap((packet) => packet.lacing));
  const head = Buffer.concat([header, Buffer.from([lacing.length]), lacing]);
  if (packets[0]?.isStart) head[5] = flags & ~CONTINUED;
  head.writeUInt32LE(0, 22);
  const page = Buffer.concat([head, ...packets.map(({ bytes }) => bytes)]);
  page.writeUInt32LE(computeChecksum(page), 22);
  return page;
}

/** The CRC-32 of Ogg: polynomial 0x04C11DB7, neither reflected nor inverted. */
function computeChecksum(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) ^ (TABLE[((crc >>> 24) ^ byte) & 255] ?? 0)) >>> 0;
  return crc;
}

const TABLE = Array.from({ length: 256 }, (_, n) => {
  let value = n << 24;
  for (let bit = 0; bit < 8; bit++) value = (value << 1) ^ (value < 0 ? 0x04c11db7 : 0);
  return value >>> 0;
});
