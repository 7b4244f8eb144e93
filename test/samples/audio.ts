import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  type AudioFacts,
  type AudioInput,
  type ProcessedAudio,
  processAudio,
} from '../../src/services/media/audio/process.ts';
import type { DerivativeFile, PlannedDerivative } from '../../src/services/media/processor.ts';

const run = promisify(execFile);

export const FFMPEG = process.env.FFMPEG_PATH ?? 'ffmpeg';

/**
 * A folder that is removed at the end of `await using`, with files made by ffmpeg (not the hardened
 * one) in it.
 */
export async function studio() {
  const folder = await mkdtemp(join(tmpdir(), 'mixdown-media-'));
  return {
    folder,
    path: (name: string) => join(folder, name),
    /** Runs ffmpeg with these arguments, the last of which names the file. */
    async make(name: string, ...args: string[]): Promise<string> {
      await run(FFMPEG, ['-v', 'error', '-y', ...args, join(folder, name)]);
      return join(folder, name);
    },
    async write(name: string, bytes: Uint8Array | string): Promise<string> {
      await writeFile(join(folder, name), bytes);
      return join(folder, name);
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

export type Studio = Awaited<ReturnType<typeof studio>>;

export type Heard = Omit<ProcessedAudio, 'facts'> &
  AudioFacts & {
    derivatives: DerivativeFile[];
    planned: PlannedDerivative[];
    files: Record<string, Buffer>;
    progress: number[];
  };

/**
 * Processes a file in a folder of its own; the derivatives are read, and anything else left behind
 * is an error.
 */
export async function processed(path: string, more: Partial<AudioInput> = {}): Promise<Heard> {
  const workDir = await mkdtemp(join(tmpdir(), 'mixdown-work-'));
  const progress: number[] = [];
  const derivatives: DerivativeFile[] = [];
  const planned: PlannedDerivative[] = [];
  try {
    const { facts, ...rest } = await processAudio({
      path,
      workDir,
      ffmpeg: FFMPEG,
      signal: new AbortController().signal,
      onProgress: (percent) => progress.push(percent),
      onProbed: async (probed) => void planned.push(...probed.derivatives),
      onDerivative: async (file) => void derivatives.push(file),
      ...more,
    });
    const files: Record<string, Buffer> = {};
    for (const { name, path } of derivatives) files[name] = await readFile(path);
    const left = await readdir(workDir);
    if (left.length !== derivatives.length) throw new Error(`Left behind: ${left}`);
    return { ...rest, ...facts, derivatives, planned, files, progress };
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

/** The same file by plain ffmpeg: samples as s16le, interleaved. */
export async function samplesOf(path: string): Promise<Int16Array> {
  const args = ['-v', 'error', '-i', path, '-map', '0:a:0', '-f', 's16le', '-'];
  const { stdout } = await run(FFMPEG, args, { encoding: 'buffer', maxBuffer: 2 ** 30 });
  return new Int16Array(stdout.buffer, stdout.byteOffset, stdout.length >> 1);
}

/** The same file's loudness by plain ffmpeg. */
export async function loudnessOf(path: string) {
  const args = ['-hide_banner', '-nostats', '-i', path, '-af', 'ebur128=peak=true:framelog=quiet'];
  const { stderr } = await run(FFMPEG, [...args, '-f', 'null', '-']);
  const number = (pattern: RegExp) => Number(pattern.exec(stderr)?.[1]);
  return { lufs: number(/I:\s+(\S+) LUFS/), peak: number(/Peak:\s+(\S+) dBFS/) };
}

/** A mono WAV of 16 bits. */
export function wav(samples: Float32Array, sampleRate = 44_100): Buffer {
  const data = Buffer.alloc(samples.length * 2);
  for (const [n, value] of samples.entries()) {
    data.writeInt16LE(Math.round(Math.max(-1, Math.min(1, value)) * 32_767), n * 2);
  }
  return Buffer.concat([wavHead(sampleRate, data.length), data]);
}

/** The first 44 bytes of such a file, with any claim of how long its data is. */
export function wavHead(sampleRate: number, dataBytes: number): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(Math.min(0xffff_ffff, dataBytes + 36), 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(sampleRate, 24);
  head.writeUInt32LE(sampleRate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(dataBytes, 40);
  return head;
}

/** A metronome. */
export function clicks(bpm: number, seconds: number, rate = 44_100): Float32Array {
  const samples = new Float32Array(seconds * rate);
  for (let beat = 0; (beat * 60) / bpm < seconds; beat++) {
    const at = Math.round(((beat * 60) / bpm) * rate);
    for (let n = 0; n < rate * 0.03 && at + n < samples.length; n++) {
      samples[at + n] =
        0.6 * Math.exp(-n / (rate * 0.006)) * Math.sin((2 * Math.PI * 1000 * n) / rate);
    }
  }
  return samples;
}

/** Notes (MIDI numbers) one after the other, each with that many overtones. */
export function melody(
  notes: readonly number[],
  overtones: number,
  noteSeconds = 0.4,
  rate = 44_100,
): Float32Array {
  const length = Math.round(noteSeconds * rate);
  const samples = new Float32Array(notes.length * length);
  notes.forEach((note, index) => {
    const turn = (2 * Math.PI * 440 * 2 ** ((note - 69) / 12)) / rate;
    for (let n = 0; n < length; n++) {
      let value = 0;
      for (let times = 1; times <= overtones; times++) value += Math.sin(turn * times * n) / times;
      samples[index * length + n] = 0.3 * value * Math.min(1, n / 300, (length - n) / 600);
    }
  });
  return samples;
}

/** Bytes that no format could have made, the same in every run. */
export function noise(length: number, seed = 1): Buffer {
  let state = seed;
  const bytes = Buffer.alloc(length);
  for (let n = 0; n < length; n++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[n] = state >>> 24;
  }
  return bytes;
}

/** A box of an MP4 file. */
export function box(name: string, ...contents: Buffer[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + contents.reduce((sum, part) => sum + part.length, 0));
  head.write(name, 4, 'latin1');
  return Buffer.concat([head, ...contents]);
}
