import { runFfmpeg } from './ffmpeg.ts';

/** Sound: a list of samples from −1 to 1 for each channel. */
export interface Sound {
  rate: number;
  channels: Float32Array[];
}

/** Makes silence. */
export function makeSilence(seconds: number, rate: number, channels: number): Sound {
  const length = Math.round(seconds * rate);
  return { rate, channels: Array.from({ length: channels }, () => new Float32Array(length)) };
}

/** The samples of a channel. */
export function countSamples({ channels: [first] }: Sound): number {
  return first?.length ?? 0;
}

/** Decodes the sound of a file, at 44.1 kHz and in stereo. */
export async function decodeSound(ffmpeg: string, bytes: Buffer): Promise<Sound> {
  const args = ['-i', 'in0', '-map', '0:a:0', '-ac', '2', '-ar', '44100', '-f', 'f32le'];
  const raw = await runFfmpeg(ffmpeg, [bytes], args, 'out.f32');
  const samples = new Float32Array(
    raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length - (raw.length % 8)),
  );
  const channels = [0, 1].map((side) =>
    Float32Array.from({ length: samples.length / 2 }, (_, n) => samples[n * 2 + side] as number),
  );
  return { rate: 44_100, channels };
}

/** Lays the channels beside one another, as ffmpeg reads them. */
export function interleave({ channels }: Sound): Uint8Array {
  const count = channels.length;
  const mixed = new Float32Array((channels[0]?.length ?? 0) * count);
  channels.forEach((channel, side) => {
    for (let n = 0; n < channel.length; n++) mixed[n * count + side] = channel[n] as number;
  });
  return new Uint8Array(mixed.buffer);
}

/** The arguments with which ffmpeg reads what `interleave` makes. */
export function describeInput(sound: Sound, input: string): string[] {
  return ['-f', 'f32le', '-ar', `${sound.rate}`, '-ac', `${sound.channels.length}`, '-i', input];
}

const CODECS: Record<string, string[]> = {
  flac: ['-c:a', 'flac', '-sample_fmt', 's16'],
  mp3: ['-c:a', 'libmp3lame'],
  opus: ['-c:a', 'libopus', '-ar', '48000'],
};

/** Encodes sound. @param quality as ComfyUI names it: `V0`, `128k` */
export function encodeSound(
  ffmpeg: string,
  sound: Sound,
  format: 'flac' | 'mp3' | 'opus',
  quality: string,
): Promise<Buffer> {
  const rate = quality === 'V0' ? ['-q:a', '0'] : ['-b:a', quality];
  const codec = [...(CODECS[format] ?? []), ...(format === 'flac' ? [] : rate)];
  const args = [...describeInput(sound, 'in0'), ...codec];
  return runFfmpeg(ffmpeg, [interleave(sound)], args, `out.${format}`);
}
