/** The header of a frame of MPEG audio (layers I–III) or ADTS AAC. */
export interface Frame {
  kind: 'mp3' | 'mp1/2' | 'aac';
  bytes: number;
  samples: number;
  sampleRate: number;
  channels: number;
  bitRate: number | null;
  /** The header bits that are the same in all frames of one stream. */
  stream: number;
}

const SAMPLE_RATES = [44_100, 48_000, 32_000];
const AAC_RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
  7_350,
];
// kbit/s by index 1–14; source: ISO 11172-3 and 13818-3, table of bitrate_index
const KBITS = {
  1: {
    1: [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    2: [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    3: [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  },
  2: {
    1: [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    2: [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    3: [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  },
} as const;

/** Reads the frame header at this offset; null when there is none. */
export function readFrameAt(bytes: Buffer, at: number): Frame | null {
  if (at + 7 > bytes.length) return null;
  const [b0, b1, b2, b3] = [
    bytes[at] ?? 0,
    bytes[at + 1] ?? 0,
    bytes[at + 2] ?? 0,
    bytes[at + 3] ?? 0,
  ];
  if (b0 !== 0xff || (b1 & 0xe0) !== 0xe0) return null;
  return (b1 & 0xf6) === 0xf0 ? readAdtsFrame(bytes, at) : readMpegFrame(b1, b2, b3);
}

function readMpegFrame(b1: number, b2: number, b3: number): Frame | null {
  const version = (b1 >> 3) & 3; // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
  const layer = 4 - ((b1 >> 1) & 3);
  const bitRateIndex = b2 >> 4;
  const rate = SAMPLE_RATES[(b2 >> 2) & 3];
  if (
    version === 1 ||
    layer === 4 ||
    bitRateIndex === 0 ||
    bitRateIndex === 15 ||
    !rate ||
    (b3 & 3) === 2
  )
    return null;
  const first = version === 3;
  const kbits = KBITS[first ? 1 : 2][layer as 1 | 2 | 3][bitRateIndex - 1] ?? 0; // layer is 4 − (1…3)
  const sampleRate = rate / (first ? 1 : version === 2 ? 2 : 4);
  const samples = layer === 1 ? 384 : layer === 2 || first ? 1152 : 576;
  const padding = (b2 >> 1) & 1;
  const bytes =
    layer === 1
      ? (Math.floor((12_000 * kbits) / sampleRate) + padding) * 4
      : Math.floor((samples * 125 * kbits) / sampleRate) + padding;
  const channels = b3 >> 6 === 3 ? 1 : 2;
  const stream = ((b1 & 0xfe) << 8) | (b2 & 0x0c);
  return {
    kind: layer === 3 ? 'mp3' : 'mp1/2',
    bytes,
    samples,
    sampleRate,
    channels,
    bitRate: kbits * 1000,
    stream,
  };
}

function readAdtsFrame(bytes: Buffer, at: number): Frame | null {
  const sampleRate = AAC_RATES[((bytes[at + 2] ?? 0) >> 2) & 15];
  const length = (bytes.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
  const layout = (bytes.readUInt16BE(at + 2) >> 6) & 7;
  if (!sampleRate || length < 8) return null;
  const channels = layout === 7 ? 8 : layout || 2;
  const samples = 1024 * (((bytes[at + 6] ?? 0) & 3) + 1);
  const stream = bytes.readUInt16BE(at) * 256 + ((bytes[at + 2] ?? 0) & 0xfd);
  return { kind: 'aac', bytes: length, samples, sampleRate, channels, bitRate: null, stream };
}
