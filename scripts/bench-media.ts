// `npm run bench:media -- [FILE…]`: what processing a song costs, and how right it is, against ffmpeg alone.
// Without a file: three minutes that ffmpeg synthesises. Ratios of one run; absolute times mean little.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { measure } from '../bench/media.ts';
import { toStderr } from '../src/local/log.ts';
import { ffmpeg as tool } from '../src/local/tools/ffmpeg.ts';
import { find } from '../src/local/tools/find.ts';

const SONG =
  'aevalsrc=0.4*sin(2*PI*220*t)*lt(mod(t\\,0.5)\\,0.1)+0.2*sin(2*PI*330*t)|0.3*sin(2*PI*331*t):s=44100:d=180';

const ffmpeg = await find(tool, toStderr);
const folder = await mkdtemp(join(tmpdir(), 'mixdown-bench-'));
try {
  let files = process.argv.slice(2);
  if (files.length === 0) {
    files = [join(folder, 'three-minutes.mp3')];
    const args = ['-v', 'error', '-f', 'lavfi', '-i', SONG, '-b:a', '192k', files[0] as string];
    await promisify(execFile)(ffmpeg, args);
  }
  console.log('song | seconds | duration off | LUFS off | true peak off | time ÷ ffmpeg alone');
  for (const file of files) {
    const m = await measure(ffmpeg, file, 3);
    const off = (n: number) => (n >= 0 ? '+' : '') + n.toFixed(3);
    const cells = [m.file, m.seconds.toFixed(2), off(m.durationOff), off(m.lufsOff)];
    console.log([...cells, off(m.truePeakOff), m.ratio.toFixed(2)].join(' | '));
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
