// Run by connections.test.ts, once for each function: answers events as a process of Lambda does, one after
// the other, with the driver's settings for Lambda.
import type { Context } from 'aws-lambda';
import { importHandler } from '../../src/local/invoke/handler.ts';
import { invocation } from './invocations.ts';

/** What it says of each event: the status of its answer. */
export type Said = 'ready' | number;

const say = (said: Said) => void process.send?.(said);
const file = process.env.FUNCTION_FILE as string;
const handler = await importHandler({ file, exportName: 'handler' } as never);

process.on('message', async (event) => {
  const answer = await handler(event, invocation() as Context);
  say((answer as { statusCode: number }).statusCode);
});
say('ready');
