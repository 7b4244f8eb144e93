import { corrupt } from '../../media-error.ts';
import { boxesIn } from '../../mp4-boxes.ts';
import { channelsOf, objectOf, soundBoxes } from '../../mp4-sound.ts';
import { type Hdr, hdrOf } from './container.ts';

/** How a track's samples are coded, as its first description says. */
export interface Sample {
  /** null where it is none that we know: `name` is what it calls itself. */
  codec: string | null;
  name: string;
  /** A picture, not a moving one: cover art, and the chapters of audio books. */
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
/** What an `mp4v` or `mp4a` holds. Source: mp4ra.org, object types. */
const OBJECTS: Record<number, string | undefined> = {
  ...{ 32: 'mpeg4', 33: 'h264', 35: 'hevc', 108: 'mjpeg', 96: 'mpeg2', 97: 'mpeg2' },
  ...{ 64: 'aac', 102: 'aac', 103: 'aac', 104: 'aac', 105: 'mp3', 107: 'mp3', 165: 'ac3' },
  ...{ 173: 'opus', 221: 'vorbis' },
};
/** Where the boxes within an entry begin, after its fixed fields. */
const IN_VIDEO = 78;

/** The first entry of a video track's `stsd`. */
export function readVideoEntry(stsd: Buffer): Sample {
  const { name, entry } = firstEntry(stsd);
  if (entry.length < 28) throw corrupt('This MP4 file has a track without a size.');
  const boxes = children(entry, IN_VIDEO);
  const color = boxes.find((box) => box.name === 'colr')?.body;
  const isNamed =
    color && color.length >= 8 && ['nclx', 'nclc'].includes(color.toString('latin1', 0, 4));
  const named = name === 'mp4v' ? OBJECTS[objectOf(boxes)] : VIDEO[name];
  return {
    ...{ codec: named ?? null, name: readable(name, boxes), still: name === 'png ' },
    ...{ width: entry.readUInt16BE(24), height: entry.readUInt16BE(26) },
    hdr: isNamed ? hdrOf(color.readUInt16BE(6)) : null,
    ...{ sampleRate: 0, channels: 0 },
  };
}

/** The first entry of an audio track's `stsd`. */
export function readAudioEntry(stsd: Buffer): Sample {
  const { name, entry } = firstEntry(stsd);
  const version = entry.length >= 28 ? entry.readUInt16BE(8) : 0;
  const own = soundBoxes(entry);
  const named = name === 'mp4a' ? (OBJECTS[objectOf(own)] ?? 'aac') : AUDIO[name];
  const isNew = version === 2 && entry.length >= 44;
  return {
    ...{ codec: named ?? null, name, still: false, width: 0, height: 0, hdr: null },
    sampleRate: isNew
      ? entry.readDoubleBE(32)
      : entry.length >= 28
        ? entry.readUInt32BE(24) >>> 16
        : 0,
    channels:
      channelsOf(own) ??
      (isNew ? entry.readUInt32BE(40) : entry.length >= 28 ? entry.readUInt16BE(16) : 0),
  };
}

/** Without its header of eight bytes. */
function firstEntry(stsd: Buffer): { name: string; entry: Buffer } {
  const [first] = boxesIn({ name: 'stsd', body: stsd.subarray(8) });
  if (!first) throw corrupt('This MP4 file has a track without a description of its samples.');
  return { name: first.name, entry: first.body };
}

/** What follows the fixed fields is often padded or old: what cannot be read is not there. */
function children(entry: Buffer, from: number) {
  try {
    return boxesIn({ name: 'entry', body: entry.subarray(from) });
  } catch {
    return [];
  }
}

function readable(name: string, boxes: readonly { name: string; body: Buffer }[]): string {
  return name === 'mp4v' ? (OBJECTS[objectOf(boxes)] ?? name) : name;
}
