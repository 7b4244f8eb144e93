import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { toStderr } from '../../src/local/log.ts';
import { findCached } from '../../src/local/tools/cache.ts';
import { fetchFfmpeg, ffmpeg } from '../../src/local/tools/ffmpeg.ts';
import { findOnPath } from '../../src/local/tools/run.ts';
import { readLibraries, readMachine } from './elf.ts';
import { type Architecture, nameCpu } from './parameters.ts';

const LAYER = 'layers/ffmpeg';
/** The minor version of glibc on Amazon Linux 2023, which nodejs24.x runs on. */
const GLIBC = 34;
const OF_THE_SYSTEM = /^(ld-linux-(x86-64|aarch64)|lib(c|m|mvec|dl|pthread|rt|gcc_s|stdc\+\+))\.so/;

/**
 * Makes the folder of the layer from an ffmpeg that runs on Lambda.
 * @returns a sentence that says which one, or why there is none
 */
export async function makeFfmpegLayer(architecture: Architecture): Promise<string> {
  rmSync(LAYER, { recursive: true, force: true });
  mkdirSync(LAYER, { recursive: true });
  const reasons: string[] = [];
  for (const [where, file] of await listCandidates(architecture)) {
    if (!file) continue;
    const reason = findReason(file, architecture);
    if (reason) {
      reasons.push(`${where} ${reason}`);
      continue;
    }
    mkdirSync(`${LAYER}/bin`);
    cpSync(file, `${LAYER}/bin/ffmpeg`, { dereference: true });
    chmodSync(`${LAYER}/bin/ffmpeg`, 0o755);
    return `The ffmpeg layer holds ${file} (${where}).`;
  }
  const why = reasons.length ? ` (${reasons.join('; ')})` : '';
  const note = `The ffmpeg layer is empty: no static ffmpeg for Linux ${architecture} was found${why}. Set FFMPEG_LAYER_BINARY to one and package again; until then runMediaJobs and runRenderJobs cannot decode.`;
  writeFileSync(`${LAYER}/README.md`, `${note}\n`);
  return note;
}

/**
 * Lists where an ffmpeg may be, the best first; `npm start` downloads one into the cache. One for another
 * processor than this machine's is downloaded here.
 */
async function listCandidates(
  architecture: Architecture,
): Promise<[where: string, file: string | undefined][]> {
  if (nameCpu(architecture) !== process.arch && !process.env.FFMPEG_LAYER_BINARY)
    return [['a download', await fetchFfmpeg(nameCpu(architecture), toStderr)]];
  return [
    ['FFMPEG_LAYER_BINARY', process.env.FFMPEG_LAYER_BINARY],
    ['FFMPEG_PATH', process.env.FFMPEG_PATH],
    ['PATH', await findOnPath('ffmpeg')],
    ['the cache', await findCached(ffmpeg.name, ffmpeg.version).catch(() => undefined)],
  ];
}

/**
 * Says why a program would not run on Lambda: another architecture, or libraries that are missing
 * there.
 */
function findReason(file: string, architecture: Architecture): string | undefined {
  const program = readFileSync(file);
  if (readMachine(program) !== architecture) return `is not for Linux ${architecture}`;
  const libraries = readLibraries(program);
  if (libraries.length === 0) return undefined;
  const missing = libraries.find((library) => !OF_THE_SYSTEM.test(library));
  if (missing) return `needs ${missing}`;
  const glibc = findNewestGlibc(program);
  return glibc > GLIBC ? `needs glibc 2.${glibc}` : undefined;
}

/** The minor version of the newest glibc that a program asks for. */
function findNewestGlibc(program: Buffer): number {
  const name = 'GLIBC_2.';
  let newest = 0;
  // Not as one text: the program has more than a hundred MB.
  for (let at = program.indexOf(name); at >= 0; at = program.indexOf(name, at + 1)) {
    const minor = program.toString('latin1', at + name.length, at + name.length + 3);
    newest = Math.max(newest, Number.parseInt(minor, 10) || 0);
  }
  return newest;
}
