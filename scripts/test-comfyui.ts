// `npm run test:comfyui -- --url http://127.0.0.1:8188`: the contract of ComfyUI on a real server, and on
// the stand-in without an address. What else is given goes to vitest.
import { spawnSync } from 'node:child_process';
import { toStderr } from '../src/local/log.ts';
import { ffmpeg } from '../src/local/tools/ffmpeg.ts';
import { find } from '../src/local/tools/find.ts';

const args = process.argv.slice(2);
const at = args.indexOf('--url');
const url = at < 0 ? (process.env.COMFYUI_URL ?? '') : args.splice(at, 2)[1];
if (at >= 0 && !URL.canParse(url ?? '')) {
  throw new Error('--url must be followed by the address of a ComfyUI: http://127.0.0.1:8188');
}
const { status } = spawnSync('vitest', ['run', '--config', 'vitest.comfyui.config.ts', ...args], {
  stdio: 'inherit',
  env: {
    ...process.env,
    COMFYUI_URL: url?.replace(/\/$/, ''),
    FFMPEG_PATH: await find(ffmpeg, toStderr),
  },
});
process.exit(status ?? 1);
