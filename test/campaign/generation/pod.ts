// Run by generation-kills.test.ts: a stand-in of ComfyUI until it is killed. Each output that it saves is a line of a
// file: the process, and the name.
import { appendFileSync } from 'node:fs';
import { basename } from 'node:path/posix';
import { startComfyUi } from '../../../src/local/comfyui/start.ts';

const { POD_PORT, POD_SAVES = '', POD_SECONDS } = process.env;
const server = await startComfyUi({
  port: Number(POD_PORT),
  timings: { SaveImage: Number(POD_SECONDS) },
});
const { save } = server.files;
server.files.save = (folder, prefix, extension, bytes) => {
  appendFileSync(POD_SAVES, `${process.pid} ${basename(prefix)}\n`);
  return save(folder, prefix, extension, bytes);
};
// The stand-in's own timers keep no process alive.
setInterval(() => undefined, 60_000);
process.send?.('ready');
