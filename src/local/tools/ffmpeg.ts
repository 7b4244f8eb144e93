import type { Log } from '../log.ts';
import { fetchOnce, findCached } from './cache.ts';
import type { Tool } from './find.ts';
import { fetchWheel, type Wheel } from './wheel.ts';

const VERSION = '9.0.2';
const release = { package: 'imageio-ffmpeg', version: '0.8.1' };
/** Static programs for Linux, by the processor as Node calls it. */
const wheels: Partial<Record<string, Wheel>> = {
  x64: {
    ...release,
    sha256: '050d6850601c3b3890bd2b28306f3b842b3daea390a561101174375a1c460bda',
    bytes: 67_998_402,
    member: `imageio_ffmpeg/binaries/ffmpeg-linux-x86_64-v${VERSION}`,
  },
  arm64: {
    ...release,
    platform: 'manylinux_2_28_aarch64',
    sha256: 'fad3176f859b25869e60a8ed79957d4e3ed74a97a95e5f0cdcb91455f6c6d00e',
    bytes: 60_956_631,
    member: `imageio_ffmpeg/binaries/ffmpeg-linux-aarch64-v${VERSION}`,
  },
};

const wheel = process.platform === 'linux' ? wheels[process.arch] : undefined;

/** Downloads the program for a processor that need not be this machine's, for Linux. */
export async function fetchFfmpeg(cpu: string, log: Log): Promise<string> {
  const foreign = wheels[cpu];
  if (!foreign) throw new Error(`There is no ffmpeg for ${cpu} to download.`);
  const name = `ffmpeg-${cpu}`;
  const make = (folder: string) => fetchWheel(foreign, name, folder);
  return (await findCached(name, VERSION)) ?? fetchOnce(name, VERSION, log, make);
}

/** The program that decodes and encodes media. */
export const ffmpeg: Tool = {
  name: 'ffmpeg',
  variable: 'FFMPEG_PATH',
  version: VERSION,
  purpose: 'the decoder of songs',
  check: { args: ['-version'], pattern: /ffmpeg version n?(\d+)\./, atLeast: 6 },
  sources: wheel
    ? [
        {
          how: 'the Python package imageio-ffmpeg, 68 MB',
          fetch: (folder) => fetchWheel(wheel, 'ffmpeg', folder),
        },
      ]
    : [],
  remedy: 'Install ffmpeg 6 or newer so that it is on PATH, or set FFMPEG_PATH to its file.',
};
