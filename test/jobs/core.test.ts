import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const ROOM = 'src/services/jobs';
/** What the core stands on; whatever is not listed is a capability, or imports one. */
const BELOW = [
  /^\.\/[\w-]+\.ts$/,
  /^\.\.\/\.\.\/(clip|collect-errors|config|context|errors|moment|rules)\.ts$/,
  /^\.\.\/\.\.\/data\//,
  /^\.\.\/\.\.\/models\/jobs\//,
  /^\.\.\/\.\.\/providers\/(queue|log)\.ts$/,
  // The credits that a job holds, and what an account may have of jobs at once.
  /^\.\.\/billing\/(group-commit|holds|prices|spending|turns)\.ts$/,
  /^\.\.\/metering\/allowances\/(counter|free|with-allowance)\.ts$/,
  /^\.\.\/\.\.\/models\/billing\/credit-hold\.ts$/,
  /^node:/,
  /^joi$/,
];

test('the job core imports no capability: job types come to it as values', () => {
  const imports = readdirSync(ROOM).flatMap((file) => {
    const text = readFileSync(`${ROOM}/${file}`, 'utf8');
    const named = [...text.matchAll(/(?:from|import\() ?'([^']+)'/g)].map(([, name]) => name ?? '');
    return named.filter((name) => !BELOW.some((b) => b.test(name))).map((name) => [file, name]);
  });
  expect(imports).toEqual([]);
});

test('nothing writes a job but the queue, which checks its input', () => {
  const writers = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => {
      const text = readFileSync(`src/${file}`, 'utf8');
      return /\bJob\.collection\.insert|insert\(\s*\w+,\s*Job\b|entityNamed\('Job'\)/.test(text);
    });
  expect(writers).toEqual(['services/jobs/queue.ts']);
});
