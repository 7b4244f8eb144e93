// `npm run webhooks -- listen`: prints the webhooks of an account while one develops, and forwards them.
import { parseArgs } from 'node:util';
import { describeProblem, Problem } from './demo/problem.ts';
import { handleInterruption } from './interruption.ts';
import { listen } from './webhooks/listen.ts';

const USAGE =
  'Usage: npm run webhooks -- listen [--forward URL] [--events track.ready,job.*] [--email EMAIL, with PASSWORD in the environment]';

let listening: { stop(): Promise<void> } | undefined;
handleInterruption(() => listening?.stop());

try {
  const { values, positionals } = readArguments();
  if (positionals.join(' ') !== 'listen') throw new Problem(USAGE);
  listening = await listen(values);
} catch (error) {
  console.error(describeProblem(error));
  process.exitCode = 1;
}

function readArguments() {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      allowPositionals: true,
      options: { forward: text, events: { ...text, default: '*' }, email: text },
    });
  } catch (cause) {
    throw new Problem(USAGE, { cause });
  }
}
