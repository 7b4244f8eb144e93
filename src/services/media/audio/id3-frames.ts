// Reads the frames of an ID3v2 tag as they are stored, whatever its version, so that their texts can
// be decoded by another encoding than the declared one. Source: id3.org, ID3v2.2, 2.3 and 2.4.

/** A frame under its name in version 2.4, without transformations. */
export interface Id3Frame {
  id: string;
  body: Buffer;
}

const MOST_FRAMES = 1000;
/** The frames of version 2.2 that are kept, by the names that they have in later versions. */
const LATER_NAMES: Record<string, string | undefined> = {
  ...{ TT1: 'TIT1', TT2: 'TIT2', TT3: 'TIT3', TP1: 'TPE1', TP2: 'TPE2', TP3: 'TPE3', TP4: 'TPE4' },
  ...{ TAL: 'TALB', TRK: 'TRCK', TPA: 'TPOS', TYE: 'TYER', TDA: 'TDAT', TCO: 'TCON', TCM: 'TCOM' },
  ...{ TXT: 'TEXT', TCR: 'TCOP', TRC: 'TSRC', TBP: 'TBPM', TKE: 'TKEY', TEN: 'TENC', TSS: 'TSSE' },
  ...{ TPB: 'TPUB', TLA: 'TLAN', TOR: 'TORY', TXX: 'TXXX', COM: 'COMM', ULT: 'USLT', PIC: 'APIC' },
  ...{ UFI: 'UFID', TCP: 'TCMP', TSP: 'TSOP', TSA: 'TSOA', TST: 'TSOT' },
};

/** Reads the frames of a whole tag, its header included; null if it cannot be understood. */
export function readId3Frames(tag: Buffer): Id3Frame[] | null {
  const major = tag[3] ?? 0;
  const flags = tag[5] ?? 0;
  if (major < 2 || major > 4 || (major === 2 && flags & 0x40)) return null;
  const isUnsynchronised = (flags & 0x80) !== 0;
  const whole = tag.subarray(10);
  const body = isUnsynchronised && major < 4 ? removeUnsynchronisation(whole) : whole;
  const start = flags & 0x40 ? measureExtendedHeader(body, major) : 0;
  const found = readBySizes(body, start, major);
  return found?.flatMap((frame) => transform(frame, major, isUnsynchronised)) ?? null;
}

interface StoredFrame extends Id3Frame {
  flags: number;
}

/**
 * Sizes of frames have seven bits per byte in version 2.4 and eight before, but iTunes wrote eight in
 * 2.4, and others seven in 2.3: the reading by which the frames fill the tag is the right one.
 */
function readBySizes(body: Buffer, start: number, major: number): StoredFrame[] | null {
  if (major === 2) return walk(body, start, 6, (at) => body.readUIntBE(at + 3, 3)).frames;
  const readPlain = (at: number) => body.readUInt32BE(at + 4);
  const readSynchsafe = (at: number) =>
    [4, 5, 6, 7].reduce((size, n) => size * 128 + ((body[at + n] ?? 0) & 0x7f), 0);
  const readings = major === 4 ? [readSynchsafe, readPlain] : [readPlain, readSynchsafe];
  const walks = readings.map((readSize) => walk(body, start, 10, readSize));
  return (walks.find(({ isComplete }) => isComplete) ?? walks[0])?.frames ?? null;
}

function walk(body: Buffer, start: number, headerBytes: number, readSize: (at: number) => number) {
  const frames: StoredFrame[] = [];
  let at = start;
  for (; at + headerBytes <= body.length && frames.length < MOST_FRAMES; ) {
    const id = body.toString('latin1', at, at + (headerBytes === 6 ? 3 : 4));
    if (body[at] === 0) return { frames, isComplete: true };
    const end = at + headerBytes + readSize(at);
    if (!/^[A-Z][A-Z0-9]{2,3} ?$/.test(id) || end > body.length)
      return { frames, isComplete: false };
    const flags = headerBytes === 6 ? 0 : body.readUInt16BE(at + 8);
    frames.push({ id: id.trim(), body: body.subarray(at + headerBytes, end), flags });
    at = end;
  }
  return { frames, isComplete: true };
}

/** Undoes what the flags of a frame say; leaves out what is compressed or encrypted. */
function transform(frame: StoredFrame, major: number, isUnsynchronised: boolean): Id3Frame[] {
  const { flags } = frame;
  let { id, body } = frame;
  if (major === 2) {
    const later = LATER_NAMES[id];
    if (!later) return [];
    if (later === 'APIC') body = convertOldPicture(body);
    id = later;
  }
  if (major === 3) {
    if (flags & 0x00c0) return [];
    if (flags & 0x0020) body = body.subarray(1); // group
  }
  if (major === 4) {
    if (flags & 0x000c) return [];
    if (flags & 0x0040) body = body.subarray(1); // group
    if (flags & 0x0001) body = body.subarray(4); // length
    if (flags & 0x0002 || isUnsynchronised) body = removeUnsynchronisation(body);
  }
  return [{ id, body }];
}

/** Version 2.2 names the format of a picture by three letters, later ones by its media type. */
function convertOldPicture(body: Buffer): Buffer {
  const format = body.toString('latin1', 1, 4).toLowerCase();
  const type = Buffer.from(`image/${format === 'jpg' ? 'jpeg' : format}\0`, 'latin1');
  return Buffer.concat([body.subarray(0, 1), type, body.subarray(4)]);
}

function measureExtendedHeader(body: Buffer, major: number): number {
  if (body.length < 4) return 0;
  const size = body.readUInt32BE(0);
  // Version 2.3 does not count the size itself; 2.4 does, with seven bits per byte.
  if (major === 3) return 4 + size;
  return [0, 1, 2, 3].reduce((sum, n) => sum * 128 + ((body[n] ?? 0) & 0x7f), 0);
}

/** Removes the zero that was put after each 0xFF, so that it does not look like a frame of sound. */
function removeUnsynchronisation(bytes: Buffer): Buffer {
  const kept = Buffer.alloc(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === 0 && bytes[at - 1] === 0xff) continue;
    kept[length++] = bytes[at] ?? 0;
  }
  return kept.subarray(0, length);
}
