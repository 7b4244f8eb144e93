process.env.LISTENS_TO_PODS = 'true';
const { place } = await import('../harness/place.ts');

import { afterEach, describe, expect, test } from 'vitest';
import type { ComfyUi, Fault, FaultName } from '../../src/local/comfyui/start.ts';
import type { Person } from '../harness/given.ts';
import type { Execution } from './support/drive.ts';

const { given } = await import('../harness/given.ts');
const { until } = await import('../harness/until.ts');
const { UUID } = await import('../../src/data/ids.ts');
const { startComfyUi } = await import('../../src/local/comfyui/start.ts');
const { ComfyUIWorkflowExecution } = await import(
  '../../src/models/generation/comfyui/workflow-execution.ts'
);
const { shippedWorkflows } = await import(
  '../../src/services/generation/comfyui/workflows/shipped-workflows.ts'
);
const { isFollowed } = await import('../../src/services/generation/comfyui/follow-run.ts');
const { listenToRun } = await import('../../src/services/generation/comfyui/listen-to-run.ts');
const { openSocketGuarded } = await import('../../src/providers/guarded-socket.ts');
const { makeDriver, PLAIN_PICTURE, usePods } = await import('./support/drive.ts');

place({ worker: false });

let server: ComfyUi;
afterEach(() => server.stop());

async function serve(...faults: (Fault | FaultName)[]): Promise<void> {
  const models = shippedWorkflows.flatMap((workflow) => workflow.models);
  server = await startComfyUi({ faults, models, timings: { '*': 0.1, KSampler: 3 } });
  await usePods(server.url);
}

/** A picture by a sampler, which sends previews. */
async function start(person: Person): Promise<Execution> {
  const shipped = shippedWorkflows.find(({ name }) => name === 'Cover picture');
  const { models: _, example, ...workflow } = shipped as NonNullable<typeof shipped>;
  const made = await person.post('/v1/comfyui/workflows', { ...workflow, creditCost: 0 });
  const parameters = { ...example, width: 256, height: 256 };
  const asked = { workflow: made.body.id, parameters };
  const started = await person.post<Execution>('/v1/comfyui/executions', asked);
  expect(started.status, started.text).toBe(202);
  return started.body;
}

interface Stored {
  progress: number;
  previewAt?: Date;
  promptId?: string;
}
const read = async (id: string) =>
  (await ComfyUIWorkflowExecution.collection.findOne({ _id: new UUID(id) })) as unknown as Stored;

describe('a host that lives on', () => {
  test('shows progress, nodes and previews of a run as they happen', async () => {
    await serve();
    const alice = await given.user();
    const driver = makeDriver();
    const run = await start(alice);
    await driver.ends(alice, run, ({ stage }) => stage === 'SUBMITTED' || stage === 'RUNNING');
    // Nobody asks the pod any more.
    await until('a preview', async () => (await read(run.id)).previewAt);
    const { progress } = await read(run.id);
    expect(progress).toBeGreaterThan(10);
    expect((await alice.get(`/v1/jobs/${run.job}`)).body.progress).toBeGreaterThan(10);
    const preview = await alice.get<{ url: string }>(`/v1/comfyui/executions/${run.id}/preview`);
    const shown = await fetch(preview.body.url);
    expect(shown.headers.get('content-type')).toBe('image/jpeg');
    expect(await driver.ends(alice, run)).toMatchObject({ status: 'COMPLETED' });
    const logs = await alice.get<{ data: { event: string; node?: string }[] }>(
      `/v1/comfyui/executions/${run.id}/logs?limit=100`,
    );
    const nodes = logs.body.data.filter(({ event }) => event === 'executing');
    expect(nodes.map(({ node }) => node)).toContain('5');
    const { promptId } = await read(run.id);
    await until('it listens no more', () => !isFollowed(promptId));
  });

  test.each<FaultName>(['refuse-socket', 'drop-socket', 'lose-events', 'garbage-event'])(
    'ends a run all the same through %s',
    async (fault) => {
      await serve({ name: fault, times: 3 });
      const alice = await given.user();
      const run = await start(alice);
      expect(await makeDriver().ends(alice, run)).toMatchObject({ status: 'COMPLETED' });
    },
  );

  test('finds by pings that a socket is silent; one over which nothing is told stays open', async () => {
    server = await startComfyUi({ faults: [{ name: 'silent-socket', at: 'queued' }, 'stall'] });
    const tell = () => {};
    const ended: string[] = [];
    const connect = async (clientId: string) => {
      const url = new URL(`${server.url.replace('http', 'ws')}/ws?clientId=${clientId}`);
      const socket = await openSocketGuarded(url, () => true);
      const report = { tell, isOver: async () => false };
      listenToRun(socket, clientId, report, 200).then((end) => ended.push(`${clientId} ${end}`));
      return socket;
    };
    const quiet = await connect('quiet');
    await connect('silent');
    const prompt = PLAIN_PICTURE.graph;
    const body = JSON.stringify({ prompt, client_id: 'silent', prompt_id: 'silent' });
    await fetch(`${server.url}/prompt`, { method: 'POST', body });
    await until('the silent one is closed', () => ended.length > 0, 10_000);
    await until('many pings were answered', async () => {
      await new Promise((resolve) => quiet.once('pong', resolve));
      return true;
    });
    expect(ended).toEqual(['silent CLOSED']);
    quiet.terminate();
  });
});
