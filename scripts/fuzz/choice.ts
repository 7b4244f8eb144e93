import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Problem } from '../demo/problem.ts';

/** What the user chose: how many cases in all, and which. */
export interface Choice {
  cases: number;
  seed: number;
}

/** Reads `--cases` and `--seed`. @throws Problem for anything else */
export function readChoice(args: string[]): Choice {
  const options = { cases: { type: 'string' }, seed: { type: 'string' } } as const;
  try {
    const { values } = parseArgs({ args, options });
    return {
      cases: whole('--cases', values.cases ?? '5000'),
      seed: whole('--seed', values.seed ?? String(randomInt(2 ** 32))),
    };
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem('Usage: npm run test:fuzz -- [--cases N] [--seed N]', { cause: error });
  }
}

function whole(name: string, text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new Problem(`${name} takes a whole number, not "${text}".`);
}
