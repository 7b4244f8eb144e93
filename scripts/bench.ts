// `npm run bench [-- --works W2,W3 --slices 8 …]`: our gateway beside node:http with the raw driver, and
// beside fastify with mongoose. `npm run bench -- cold`: a function's start, its own code, its size.
import { parseArgs } from 'node:util';
import { cold } from '../bench/cold.ts';
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
    works: { type: 'string', default: 'W1,W2,W3,W4,W5' },
  },
});
const { works, ...numbers } = values;
const size = Object.fromEntries(Object.entries(numbers).map(([k, v]) => [k, Number(v)]));
if (positionals[0] === 'cold') await cold();
else await compare({ ...(size as Record<keyof typeof numbers, number>), works: works.split(',') });
