// `runtime.ts FILE.HANDLER`, as a process of its own: what Lambda's Node runtime does. It imports the
// handler from the working directory, and then takes one event after the other from the Runtime API.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

type Handler = (event: unknown, context: object) => unknown;

const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const root = process.cwd();
const [named = ''] = process.argv.slice(2);
process.env.LAMBDA_TASK_ROOT = root;

const handler = await load();
for (;;) {
  const next = await send('GET', 'invocation/next');
  const id = String(next.headers['lambda-runtime-aws-request-id']);
  const event = JSON.parse(await text(next));
  try {
    const answer = JSON.stringify(await handler(event, makeContext(next, id))) ?? 'null';
    const accepted = await send('POST', `invocation/${id}/response`, answer);
    accepted.resume();
    // The emulator answers the caller itself when this is too large.
    if (accepted.statusCode === 413) console.error(`The answer has ${answer.length} bytes.`);
  } catch (error) {
    (await send('POST', `invocation/${id}/error`, JSON.stringify(describe(error)))).resume();
  }
}

async function load(): Promise<Handler> {
  const dot = named.lastIndexOf('.');
  try {
    const module = await import(pathToFileURL(`${root}/${named.slice(0, dot)}.mjs`).href);
    return module[named.slice(dot + 1)];
  } catch (error) {
    console.error(error);
    await send('POST', 'init/error', JSON.stringify(describe(error)));
    process.exit(1);
  }
}

function makeContext({ headers }: IncomingMessage, awsRequestId: string): object {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const name = process.env.AWS_LAMBDA_FUNCTION_NAME;
  return {
    awsRequestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'test',
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

/** Calls the Runtime API. The next event may be long in coming, so there is no timeout. */
async function send(method: string, path: string, body?: string): Promise<IncomingMessage> {
  const sent = request(`${api}/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
  });
  sent.on('error', () => process.exit()); // the emulator has ended
  sent.end(body);
  const [response] = await once(sent, 'response');
  return response;
}

function describe(error: unknown): object {
  const { name, message, stack = '' } = error as Error;
  return { errorType: name, errorMessage: message, trace: stack.split('\n') };
}
