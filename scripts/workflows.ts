// `npm run workflows -- publish`: stores the workflows that come with the product as public ones of an account.
import { parseArgs } from 'node:util';
import { describeProblem, Problem } from './demo/problem.ts';
import { publish } from './workflows/publish.ts';

const USAGE =
  'Usage: npm run workflows -- publish --email EMAIL, with PASSWORD in the environment [--without-models]';

try {
  const { values, positionals } = readArguments();
  if (positionals.join(' ') !== 'publish' || !values.email) throw new Problem(USAGE);
  await publish({ email: values.email, withoutModels: values['without-models'] });
} catch (error) {
  console.error(describeProblem(error));
  process.exitCode = 1;
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        email: { type: 'string' },
        'without-models': { type: 'boolean', default: false },
      },
    });
  } catch (cause) {
    throw new Problem(USAGE, { cause });
  }
}
