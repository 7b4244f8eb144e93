import type { Tool } from './find.ts';
import { fetchWheel, type Wheel } from './wheel.ts';

const wheel: Wheel = {
  package: 'imageio-ffmpeg',
  version: '0.8.1',
  sha256: '050d6850601c3b3890bd2b28306f3b842b3daea390a561101174375a1c460bda',
  bytes: 67_998_402,
  member: 'imageio_ffmpeg/binaries/ffmpeg-linux-x86_64-v9.0.2',
};

const packaged = {
  how: 'the Python package imageio-ffmpeg, 68 MB',
  fetch: (folder: string) => fetchWheel(wheel, 'ffmpeg', folder),
};
const wheelRuns = process.platform === 'linux' && process.arch === 'x64';

/** The program that decodes and encodes media. */
export const ffmpeg: Tool = {
  name: 'ffmpeg',
  variable: 'FFMPEG_PATH',
  version: '9.0.2',
  purpose: 'the decoder of songs',
  check: { args: ['-version'], pattern: /ffmpeg version n?(\d+)\./, atLeast: 6 },
  sources: wheelRuns ? [packaged] : [],
  remedy: 'Install ffmpeg 6 or newer so that it is on PATH, or set FFMPEG_PATH to its file.',
};
