// A process that runs our functions: `child.ts <gateway|worker|migrate> <root> <host> <port>`. It
// imports them at once, begins to serve when its parent sends "open", and ends when its parent
// does.
import { registerLocalPod } from '../comfyui/register-pod.ts';
import { readDeployment } from '../deployment/read.ts';
import type { Deployment } from '../deployment/types.ts';
import { startGateway } from '../http/gateway.ts';
import { importHandler } from '../invoke/handler.ts';
import { formatError, formatMessage, toStderr } from '../log.ts';
import { migrate } from '../migrate.ts';
import { startWorker } from '../worker.ts';

type Part = { stop(): Promise<void> };

const [role, root = '.', host = 'localhost', port = '0'] = process.argv.slice(2);
const opened = new Promise<void>((resolve) => {
  process.on('message', (message) => message === 'open' && resolve());
});
let part: Part | undefined;
// This process lives on.
if (role === 'worker') process.env.LISTENS_TO_PODS ??= 'true';

process.on('disconnect', () => process.exit(1));
// Ctrl-C in the terminal is for the supervisor, which ends its children in the right order.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('SIGTERM', async () => {
  await part?.stop();
  process.exit(0);
});
// Lambda would end only the one sandbox; here an unhandled rejection must not end all functions.
process.on('unhandledRejection', (reason) => toStderr(`${role}: unhandled ${formatError(reason)}`));

try {
  const deployment = readDeployment(root);
  const warming = warm(deployment);
  process.send?.('loaded');
  await opened;
  part = await begin(deployment, warming);
  process.send?.('ready');
} catch (error) {
  // By its name: what a function throws is not of our class.
  const isRefusal = error instanceof Error && error.name === 'Refusal';
  toStderr(isRefusal ? error.message : `${role}: ${formatError(error)}`);
  process.exit(1);
}

/** Imports the functions of this process in advance, while the database starts. */
async function warm({ functions }: Deployment): Promise<void> {
  const mine = functions.filter(({ name, routes, isStreaming }) => {
    const isHttp = routes.length > 0 || isStreaming;
    if (role === 'migrate') return name === 'migrate';
    return role === 'gateway' ? isHttp : !isHttp && name !== 'migrate';
  });
  for (const fn of mine) {
    // The first call throws the error again, and answers with it.
    await importHandler(fn).catch((error) => toStderr(`${fn.name}: ${formatMessage(error)}`));
  }
}

async function begin(deployment: Deployment, warming: Promise<void>): Promise<Part | undefined> {
  const log = toStderr;
  if (role === 'gateway') {
    await warming;
    const mailDir = process.env.MAIL_DIR;
    return startGateway({ deployment, host, port: Number(port), log, mailDir });
  }
  if (role === 'worker') {
    await warming;
    const { COMFYUI_URL: comfyui } = process.env;
    const hasPods = deployment.functions.some(({ name }) => name === 'comfyuiPods');
    // Without it all but generation works.
    if (comfyui && hasPods) registerLocalPod(comfyui).catch((error) => log(formatError(error)));
    return startWorker({ deployment, env: process.env, log });
  }
  if (role === 'migrate') await migrate(deployment, importHandler, log);
  return undefined;
}
