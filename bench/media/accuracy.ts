import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { type AudioFacts, processAudio } from '../../src/services/media/audio/process.ts';

const run = promisify(execFile);

/** One song, by us and by ffmpeg alone. */
export interface Measured {
  file: string;
  seconds: number;
  /** Our duration less that of a full decode, in s. */
  durationOff: number;
  lufsOff: number;
  truePeakOff: number;
  /** Our time over that of ffmpeg for `ebur128=peak=true` and the preview's encoding. */
  ratio: number;
  facts: AudioFacts;
}

/** Processes a song and compares facts and time with ffmpeg's own, alternating `rounds` times. */
export async function measure(ffmpeg: string, path: string, rounds: number): Promise<Measured> {
  const workDir = await mkdtemp(join(tmpdir(), 'mixdown-bench-'));
  try {
    const preview = join(workDir, 'alone.m4a');
    const ratios: number[] = [];
    let facts: AudioFacts | undefined;
    let loudness = '';
    for (let i = 0; i < rounds; i++) {
      const floor = await timed(async () => {
        loudness = await ebur128(ffmpeg, path);
        const aac = ['-vn', '-c:a', 'aac', '-b:a', '128k', '-movflags', '+faststart'];
        await run(ffmpeg, ['-v', 'error', '-y', '-i', path, ...aac, preview]);
      });
      const ours = await timed(async () => {
        const signal = new AbortController().signal;
        const heard = { onProgress() {}, async onProbed() {}, async onDerivative() {} };
        ({ facts } = await processAudio({ path, workDir, ffmpeg, signal, ...heard }));
      });
      ratios.push(ours / floor);
    }
    const found = facts as AudioFacts;
    const { integratedLufs, truePeakDbtp } = found.analysis.loudness;
    const decoded = await decodedSeconds(ffmpeg, path, found.audio.sampleRate);
    return {
      file: basename(path),
      seconds: found.audio.durationSeconds,
      durationOff: found.audio.durationSeconds - decoded,
      lufsOff: (integratedLufs ?? Number.NaN) - figure(loudness, /I:\s+(-?[\d.]+) LUFS/),
      truePeakOff: (truePeakDbtp ?? Number.NaN) - figure(loudness, /Peak:\s+(-?[\d.]+) dBFS/),
      ratio: ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)] as number,
      facts: found,
    };
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

/** The summary that ffmpeg prints at the end. */
async function ebur128(ffmpeg: string, path: string): Promise<string> {
  const filter = 'ebur128=peak=true:framelog=quiet';
  const { stderr } = await run(ffmpeg, ['-nostats', '-i', path, '-af', filter, '-f', 'null', '-']);
  return stderr.slice(stderr.lastIndexOf('Summary:'));
}

async function decodedSeconds(ffmpeg: string, path: string, rate: number): Promise<number> {
  const pcm = join(await mkdtemp(join(tmpdir(), 'mixdown-bench-')), 'pcm');
  await run(ffmpeg, ['-v', 'error', '-i', path, '-vn', '-f', 's16le', '-ac', '1', pcm]);
  const { size } = await stat(pcm);
  await rm(join(pcm, '..'), { recursive: true });
  return size / 2 / rate;
}

function figure(text: string, form: RegExp): number {
  return Number(form.exec(text)?.[1] ?? Number.NaN);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
