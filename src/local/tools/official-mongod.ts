// A process of its own: downloads MongoDB's release for this system into the folder it is given,
// checked against the MD5 that its publisher states, and tells its parent where it is.
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
