import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getCacheDir } from '../src/local/tools/cache.ts';

// Before anything else is imported: the second start reads compiled code.
enableCompileCache(join(getCacheDir(), 'compile'));
const { run } = await import('../src/local/stack/run.ts');
const root = process.env.MIXDOWN_ROOT || fileURLToPath(new URL('..', import.meta.url));
await run(root, process.argv.slice(2));
