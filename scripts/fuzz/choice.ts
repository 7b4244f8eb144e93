import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Problem } from '../demo/problem.ts';

/** The options of the user: how many cases in all, and the seed that they are generated from. */
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
      cases: readWholeNumber('--cases', values.cases ?? '5000'),
      seed: readWholeNumber('--seed', values.seed ?? String(randomInt(2 ** 32))),
    };
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem('Usage: npm run test:fuzz -- [--cases N] [--seed N]', { cause: error });
  }
}

function readWholeNumber(name: string, text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new Problem(`${name} takes a whole number, not "${text}".`);
}
