/** A page of an Ogg file. Source: RFC 3533 §6. */
export interface OggPage {
  serial: number;
  flags: number;
  begins: boolean;
  /** The granule position: samples up to the end of this page; null when no packet ends in it. */
  granule: number | null;
  /** The first 26 bytes: without the table of segments. */
  header: Buffer;
  /** Lengths of the segments: a packet ends with the first that is shorter than 255. */
  lacing: Buffer;
  body: Buffer;
  start: number;
  end: number;
}

const HEADER_BYTES = 26;

/** Reads the pages that follow each other from the beginning of these bytes. */
export function* readOggPages(bytes: Buffer): Generator<OggPage> {
  let at = 0;
  while (at + 27 <= bytes.length && bytes.toString('latin1', at, at + 4) === 'OggS') {
    const bodyAt = at + 27 + (bytes[at + HEADER_BYTES] ?? 0);
    const lacing = bytes.subarray(at + 27, bodyAt);
    const end = lacing.reduce((sum, byte) => sum + byte, bodyAt);
    if (end > bytes.length && at > 0) return;
    const granule = bytes.readBigInt64LE(at + 6);
    const flags = bytes[at + 5] ?? 0;
    yield {
      serial: bytes.readUInt32LE(at + 14),
      flags,
      begins: (flags & 2) !== 0,
      granule: granule < 0n ? null : Number(granule),
      header: bytes.subarray(at, at + HEADER_BYTES),
      ...{ lacing, body: bytes.subarray(bodyAt, end), start: at, end },
    };
    at = end;
  }
}
