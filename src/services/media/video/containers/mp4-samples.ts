import { corrupt } from '../../media-error.ts';
import { readBoxes } from '../../mp4-boxes.ts';
import { readChannels, readObjectType, readSoundBoxes } from '../../mp4-sound.ts';
import { type Hdr, toHdr } from './container.ts';

/** How the samples of a track are coded, by its first sample entry. */
export interface Sample {
  /** null for an unknown codec: then `name` says which. */
  codec: string | null;
  name: string;
  /** A still picture: cover art, or the chapter image of an audio book. */
  still: boolean;
  width: number;
  height: number;
  hdr: Hdr;
  sampleRate: number;
  channels: number;
}

const VIDEO: Record<string, string | undefined> = {
  ...{ avc1: 'h264', avc3: 'h264', hvc1: 'hevc', hev1: 'hevc', dvh1: 'hevc', dvhe: 'hevc' },
  ...{ vp08: 'vp8', vp09: 'vp9', av01: 'av1', jpeg: 'mjpeg', mjpa: 'mjpeg', mjpg: 'mjpeg' },
  ...{ apch: 'prores', apcn: 'prores', apcs: 'prores', apco: 'prores', ap4h: 'prores' },
  ...{ ap4x: 'prores', XVID: 'mpeg4', DIVX: 'mpeg4', DX50: 'mpeg4', FMP4: 'mpeg4' },
};
const AUDIO: Record<string, string | undefined> = {
  ...{ alac: 'alac', fLaC: 'flac', Opus: 'opus', '.mp3': 'mp3', 'ms\0U': 'mp3', 'ac-3': 'ac3' },
  ...{ sowt: 'pcm_s16le', twos: 'pcm_s16be', 'raw ': 'pcm_u8', lpcm: 'pcm', ipcm: 'pcm' },
  ...{ in24: 'pcm_s24', in32: 'pcm_s32', fl32: 'pcm_f32', fl64: 'pcm_f64', fpcm: 'pcm_f32' },
};
/** Codecs of `mp4v` and `mp4a` by object type. Source: mp4ra.org, object types. */
const OBJECT_TYPES: Record<number, string | undefined> = {
  ...{ 32: 'mpeg4', 33: 'h264', 35: 'hevc', 108: 'mjpeg', 96: 'mpeg2', 97: 'mpeg2' },
  ...{ 64: 'aac', 102: 'aac', 103: 'aac', 104: 'aac', 105: 'mp3', 107: 'mp3', 165: 'ac3' },
  ...{ 173: 'opus', 221: 'vorbis' },
};
/** Bytes of fixed fields in a video sample entry, before its boxes. */
const FIXED_BYTES = 78;

/** Reads the first entry in the `stsd` box of a video track. */
export function readVideoEntry(stsd: Buffer): Sample {
  const { name, entry } = readFirstEntry(stsd);
  if (entry.length < 28) throw corrupt('This MP4 file has a track without a size.');
  const boxes = readChildBoxes(entry, FIXED_BYTES);
  const color = boxes.find((box) => box.name === 'colr')?.body;
  const isNamed =
    color && color.length >= 8 && ['nclx', 'nclc'].includes(color.toString('latin1', 0, 4));
  const named = name === 'mp4v' ? OBJECT_TYPES[readObjectType(boxes)] : VIDEO[name];
  return {
    ...{ codec: named ?? null, name: findCodecName(name, boxes), still: name === 'png ' },
    ...{ width: entry.readUInt16BE(24), height: entry.readUInt16BE(26) },
    hdr: isNamed ? toHdr(color.readUInt16BE(6)) : null,
    ...{ sampleRate: 0, channels: 0 },
  };
}

/** Reads the first entry in the `stsd` box of an audio track. */
export function readAudioEntry(stsd: Buffer): Sample {
  const { name, entry } = readFirstEntry(stsd);
  const version = entry.length >= 28 ? entry.readUInt16BE(8) : 0;
  const own = readSoundBoxes(entry);
  const named = name === 'mp4a' ? (OBJECT_TYPES[readObjectType(own)] ?? 'aac') : AUDIO[name];
  const isVersion2 = version === 2 && entry.length >= 44;
  return {
    ...{ codec: named ?? null, name, still: false, width: 0, height: 0, hdr: null },
    sampleRate: isVersion2
      ? entry.readDoubleBE(32)
      : entry.length >= 28
        ? entry.readUInt32BE(24) >>> 16
        : 0,
    channels:
      readChannels(own) ??
      (isVersion2 ? entry.readUInt32BE(40) : entry.length >= 28 ? entry.readUInt16BE(16) : 0),
  };
}

/** The first entry, without its header of eight bytes. */
function readFirstEntry(stsd: Buffer): { name: string; entry: Buffer } {
  const [first] = readBoxes({ name: 'stsd', body: stsd.subarray(8) });
  if (!first) throw corrupt('This MP4 file has a track without a description of its samples.');
  return { name: first.name, entry: first.body };
}

/**
 * What follows the fixed fields is often padding or an outdated structure: if it cannot be read, it
 * is ignored.
 */
function readChildBoxes(entry: Buffer, from: number) {
  try {
    return readBoxes({ name: 'entry', body: entry.subarray(from) });
  } catch {
    return [];
  }
}

function findCodecName(name: string, boxes: readonly { name: string; body: Buffer }[]): string {
  return name === 'mp4v' ? (OBJECT_TYPES[readObjectType(boxes)] ?? name) : name;
}
