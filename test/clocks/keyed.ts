// Run by keys.test.ts with a clock of its own: each message is a request with that Idempotency-Key.
import { runOnce } from '../../src/api/http/idempotency.ts';
import { systemCtx } from '../../src/context.ts';
import { connect } from '../../src/data/connection.ts';
import { BACKGROUND } from '../../src/data/deadlines.ts';
import '../../src/models/index.ts';

/** What it says: that it can be asked, that a request runs, or how one has ended. */
export type Said = 'ready' | 'running' | { code: string } | { body: string; replayed: boolean };

const say = (said: Said) => void process.send?.(said);
const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();

async function asks(key: string): Promise<void> {
  try {
    const { body, headers } = await runOnce(systemCtx('test'), key, 'POST /x', {}, async () => {
      say('running');
      await mayEnd;
      return { status: 201, headers: {}, body: `by ${process.pid}` };
    });
    say({ body, replayed: 'idempotent-replayed' in headers });
  } catch (error) {
    say({ code: (error as { code?: string }).code ?? String(error) });
  }
}

process.on('message', (message) => {
  if (message === 'end') end();
  else void asks(message as string);
});
await connect(BACKGROUND);
say('ready');
