// `official-mongod.ts FOLDER`, as a child process: downloads MongoDB's release for this system into
// the folder, checks it against the MD5 that MongoDB publishes, and sends its path to the parent.
import { MongoBinary } from 'mongodb-memory-server-core/lib/util/MongoBinary.js';
import { resolveConfig } from 'mongodb-memory-server-core/lib/util/resolveConfig.js';

const downloadDir = process.argv[2] ?? '.';
const version = resolveConfig('VERSION' as Parameters<typeof resolveConfig>[0]);
try {
  process.send?.({ file: await MongoBinary.getPath({ downloadDir, version }) });
} catch (error) {
  process.send?.({ error: error instanceof Error ? error.message : String(error) });
}
process.disconnect();
