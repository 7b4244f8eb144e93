import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { type AudioFacts, processAudio } from '../../src/services/media/audio/process.ts';

const run = promisify(execFile);

/** What was measured of one song, processed by us and by ffmpeg alone. */
export interface Measured {
  file: string;
  seconds: number;
  /** Our duration minus that of a full decode, in s. */
  durationOff: number;
  lufsOff: number;
  truePeakOff: number;
  /** Our time divided by that of ffmpeg for `ebur128=peak=true` and the encoding of the preview. */
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
      const floor = await timeWork(async () => {
        loudness = await measureLoudness(ffmpeg, path);
        const aac = ['-vn', '-c:a', 'aac', '-b:a', '128k', '-movflags', '+faststart'];
        await run(ffmpeg, ['-v', 'error', '-y', '-i', path, ...aac, preview]);
      });
      const ours = await timeWork(async () => {
        const signal = new AbortController().signal;
        const heard = { onProgress() {}, async onProbed() {}, async onDerivative() {} };
        ({ facts } = await processAudio({ path, workDir, ffmpeg, signal, ...heard }));
      });
      ratios.push(ours / floor);
    }
    const found = facts as AudioFacts;
    const { integratedLufs, truePeakDbtp } = found.analysis.loudness;
    const decoded = await measureDecodedSeconds(ffmpeg, path, found.audio.sampleRate);
    return {
      file: basename(path),
      seconds: found.audio.durationSeconds,
      durationOff: found.audio.durationSeconds - decoded,
      lufsOff: (integratedLufs ?? Number.NaN) - readFigure(loudness, /I:\s+(-?[\d.]+) LUFS/),
      truePeakOff: (truePeakDbtp ?? Number.NaN) - readFigure(loudness, /Peak:\s+(-?[\d.]+) dBFS/),
      ratio: ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)] as number,
      facts: found,
    };
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

/** Measures the loudness by ffmpeg, and returns the summary that it prints. */
async function measureLoudness(ffmpeg: string, path: string): Promise<string> {
  const filter = 'ebur128=peak=true:framelog=quiet';
  const { stderr } = await run(ffmpeg, ['-nostats', '-i', path, '-af', filter, '-f', 'null', '-']);
  return stderr.slice(stderr.lastIndexOf('Summary:'));
}

async function measureDecodedSeconds(ffmpeg: string, path: string, rate: number): Promise<number> {
  const pcm = join(await mkdtemp(join(tmpdir(), 'mixdown-bench-')), 'pcm');
  await run(ffmpeg, ['-v', 'error', '-i', path, '-vn', '-f', 's16le', '-ac', '1', pcm]);
  const { size } = await stat(pcm);
  await rm(join(pcm, '..'), { recursive: true });
  return size / 2 / rate;
}

function readFigure(text: string, form: RegExp): number {
  return Number(form.exec(text)?.[1] ?? Number.NaN);
}

async function timeWork(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
