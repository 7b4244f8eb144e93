// `npm run bench [-- --works W2,W3 --slices 8 …]`: our gateway beside node:http with the raw
// driver, and beside fastify with mongoose. `npm run bench -- --against DIR`: this checkout beside
// another one. `npm run bench -- cold`: the start of a packaged function, the cost of our own code
// in it, its size.
import { parseArgs } from 'node:util';
import { compareCheckouts } from '../bench/against.ts';
import { measureColdStart } from '../bench/cold.ts';
import { compare } from '../bench/compare.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    users: { type: 'string', default: '50' },
    projects: { type: 'string', default: '20' },
    tracks: { type: 'string', default: '100' },
    connections: { type: 'string', default: '16' },
    slices: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '2' },
    processes: { type: 'string', default: '4' },
    works: { type: 'string', default: 'W1,W2,W3,W4,W5' },
    against: { type: 'string' },
  },
});
const { works, against, ...numbers } = values;
const size = Object.fromEntries(Object.entries(numbers).map(([k, v]) => [k, Number(v)]));
const options = {
  ...(size as Record<keyof typeof numbers, number>), // Object.entries forgets the names
  works: works.split(','),
};
try {
  if (positionals[0] === 'cold') await measureColdStart();
  else if (against) await compareCheckouts(options, against);
  else await compare(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
