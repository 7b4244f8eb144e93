import '../harness/place.ts';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type FaultName, startComfyUi } from '../../src/local/comfyui/start.ts';
import '../../src/models/index.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';
import { type Driver, type Execution, makeDriver, runs, usePods } from './support/drive.ts';
import { type Malice, startHostilePod } from './support/hostile-pod.ts';
import { findInDatabase, type Overheard, overhear } from './support/overhear.ts';

place({ worker: false });

// What a picture carries is its owner's own, as its name is: the medium shows both to him, and so do the events
// that tell of it.
const OF_THE_OWNER = ['images', 'events'];

let heard: Overheard;

beforeEach(() => {
  heard = overhear();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Job.collection.deleteMany({});
});

const word = () => `canary${randomBytes(6).toString('hex')}`;

/** A workflow with twelve canaries in its graph, its defaults and its values. */
function plant() {
  const canaries = times(12, word) as string[];
  const [text, other, title, named, fallback, third, ...values] = canaries as [
    ...[string, string, string, string, string, string],
    ...string[],
  ];
  const parameters = Object.fromEntries(values.map((value, n) => [`value${n}`, value]));
  const workflow = {
    name: 'A picture',
    graph: {
      1: {
        class_type: 'EmptyImage',
        inputs: { width: 32, height: 32, batch_size: 1, color: 0, text, other, named, third },
        _meta: { title },
      },
      2: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'plain' } },
    },
    parameters: [
      { name: 'fallback', type: 'STRING', path: '1.inputs.fallback', default: fallback },
      // The first is a part of the names of files.
      ...values.map((_, n) => ({
        name: `value${n}`,
        type: 'STRING',
        path: n === 0 ? '2.inputs.filename_prefix' : `1.inputs.value${n}`,
      })),
    ],
    outputs: [{ node: '2', kind: 'IMAGE' }],
  };
  return { canaries, workflow, parameters, value: values[0] as string };
}

/** Where canaries are that ought to be nowhere. */
async function findCanaries(driver: Driver, canaries: string[], said: string): Promise<string[]> {
  await appendToChain(driver.ctx);
  const places = { log: heard.logged(), queue: heard.queued(), error: said };
  expect(places.queue).toContain('PROVIDER');
  const found = Object.entries(places).flatMap(([where, text]) =>
    canaries.filter((canary) => text.includes(canary)).map((canary) => `${where}: ${canary}`),
  );
  return [...found, ...(await findInDatabase(canaries, OF_THE_OWNER))];
}

/** What clients are told of what went wrong. */
async function readErrors(person: Person, { id, job }: Execution): Promise<string> {
  const paths = [`/v1/jobs/${job}`, `/v1/comfyui/executions/${id}/logs?limit=100`];
  const answers = await Promise.all(paths.map((path) => person.get(path)));
  const { error } = (await person.get<Execution>(`/v1/comfyui/executions/${id}`)).body;
  return [...answers.map(({ text }) => text), JSON.stringify(error ?? {})].join('\n');
}

test.each<[FaultName | undefined, string]>([
  [undefined, 'COMPLETED'],
  ['node-error', 'FAILED'],
  ['out-of-memory', 'FAILED'],
  ['server-error', 'COMPLETED'],
  ['login-page', 'COMPLETED'],
  ['cut-answer', 'COMPLETED'],
  ['html-as-picture', 'FAILED'],
  ['escaping-name', 'FAILED'],
])(
  'prompts and parameters are in no log, error, audit row, job or message: %s',
  async (fault, end) => {
    const server = await startComfyUi(fault ? { faults: [fault] } : {});
    await usePods(server.url);
    const { canaries, workflow, parameters, value } = plant();
    const alice = await given.user();
    const driver = makeDriver();
    const started = await runs(alice, workflow, { parameters });
    const done = await driver.ends(alice, started);
    expect(done.status, JSON.stringify(done.error)).toBe(end);
    expect(done.parameters).toMatchObject(parameters);
    let said = await readErrors(alice, started);
    // A refused one, and a rerun of it.
    const wrong = { parameters: { value0: 7 } };
    const refused = await alice.post(`/v1/jobs/${started.job}/rerun`, wrong);
    expect(refused.status).toBe(422);
    said += refused.text;
    const again = await alice.post(`/v1/jobs/${started.job}/rerun`, {
      parameters: { value1: `${value} again` },
    });
    const { document } = again.body.input as { document: string };
    await driver.ends(alice, { id: document } as Doc);
    expect(await findCanaries(driver, canaries, said)).toEqual([]);
    await server.stop();
  },
);

const outcome = (status: string, event: string, data: object) => ({
  outputs: {},
  status: { status_str: status, completed: false, messages: [[event, data]] },
});

test.each<[string, Malice]>([
  [
    'why it refuses them',
    { submit: (prompt) => [400, { error: { type: prompt, message: prompt } }] },
  ],
  [
    'them as what is wrong with its nodes',
    {
      submit: (prompt) => [
        400,
        {
          error: { type: 'prompt_outputs_failed_validation' },
          node_errors: {
            1: {
              class_type: 'EmptyImage',
              errors: [
                {
                  type: 'value_not_in_list',
                  message: prompt,
                  details: prompt,
                  extra_info: { received_value: prompt },
                },
              ],
            },
          },
        },
      ],
    },
  ],
  ['them in a page of a proxy', { submit: (prompt) => [502, `<html>${prompt}`] }],
  ['them in place of JSON', { submit: (prompt) => [200, prompt.slice(1)] }],
  [
    'them as an exception',
    {
      history: (prompt) =>
        outcome('error', 'execution_error', {
          ...{ node_id: '1', node_type: prompt, exception_type: `ValueError: ${prompt}` },
          ...{ exception_message: prompt, traceback: [prompt], current_inputs: { text: [prompt] } },
        }),
    },
  ],
  [
    'them as its events and nodes',
    {
      history: (prompt) => ({
        ...outcome('success', prompt.slice(60), { node_id: prompt }),
        outputs: { 2: { images: [{ filename: 'x.png', subfolder: '', type: 'output' }] } },
      }),
    },
  ],
])('a pod may repeat %s: they are nowhere all the same', async (_, malice) => {
  const pod = await startHostilePod(malice);
  await usePods(pod.url);
  const { canaries, workflow, parameters } = plant();
  const alice = await given.user();
  const driver = makeDriver();
  const started = await runs(alice, workflow, { parameters });
  let looks = 0;
  await driver.ends(alice, started, () => ++looks > 60);
  expect(await findCanaries(driver, canaries, await readErrors(alice, started))).toEqual([]);
  await pod.stop();
});
