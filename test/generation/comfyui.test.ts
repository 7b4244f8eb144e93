import '../harness/place.ts';
import { describe, expect, test } from 'vitest';
import { comfyuiExecutions } from '../../functions/comfyui-executions.ts';
import { comfyuiResourceUsage } from '../../functions/comfyui-resource-usage.ts';
import { comfyuiWorkflows } from '../../functions/comfyui-workflows.ts';
import { UUID } from '../../src/data/ids.ts';
import { ComfyUIExecutionLog } from '../../src/models/generation/comfyui/execution-log.ts';
import { ComfyUIWorkflowExecution } from '../../src/models/generation/comfyui/workflow-execution.ts';
import { conforms, listConforms } from '../conforms.ts';
import { anonymous, newText, type Page, type Problem } from '../contract/held.ts';
import { call, type Doc, given, type Person } from '../harness/given.ts';
import { childrenAt, stored, storedAt } from '../harness/stored.ts';
import { times } from '../harness/times.ts';

const workflows = '/v1/comfyui/workflows';
const graph = {
  3: { class_type: 'KSampler', inputs: { seed: 1, steps: 20 } },
  9: { class_type: 'SaveImage', inputs: { images: ['3', 0] } },
};
const seed = { name: 'seed', type: 'INTEGER', path: '3.inputs.seed', min: 0 };
const workflow = {
  name: 'Dreams',
  graph,
  parameters: [seed],
  outputs: [{ node: '9', kind: 'IMAGE' }],
};
const made = async (person: Person, values: object = {}) =>
  (await person.post<Doc>(workflows, { ...workflow, ...values })).body;

// A crowd: what has rules across fields is read first, and written under the version that was read.
conforms(comfyuiWorkflows, {
  make: made,
  body: async () => ({ ...workflow, description: 'Of electric sheep.' }),
  change: { name: 'Nightmares', gpuSeconds: 30 },
  crowd: 64,
});

conforms(comfyuiExecutions, {
  make: storedAt(comfyuiExecutions),
  body: async (person) => ({
    workflow: (await made(person)).id,
    parameters: { seed: 7 },
  }),
});

conforms(comfyuiResourceUsage, { make: storedAt(comfyuiResourceUsage) });

listConforms(
  '/v1/comfyui/executions/{id}/logs',
  childrenAt(comfyuiExecutions, 'logs', ComfyUIExecutionLog, 'execution'),
);

describe.concurrent('a workflow', () => {
  test('that is public can be read by everybody and changed only by its owner', async () => {
    const [alice, bob] = await Promise.all([given.user(), given.user()]);
    const [open, closed] = [await made(alice, { isPublic: true }), await made(alice)];
    const path = `${workflows}/${open.id}`;
    expect((await bob.get(path)).body).toEqual((await alice.get(path)).body);
    const names = (page: Page) => page.data.map((d) => d.id);
    const hisList = (await bob.get<Page>(`${workflows}?limit=100`)).body;
    expect(names(hisList)).toContain(open.id);
    expect(names(hisList)).not.toContain(closed.id);
    for (const [method, body] of [
      ['PATCH', { name: 'Mine' }],
      ['DELETE', undefined],
    ] as const) {
      const [real, missing] = await Promise.all([
        bob.call(method, path, body),
        bob.call(method, `${workflows}/${newText()}`, body),
      ]);
      expect(real.status).toBe(404);
      expect(anonymous(real)).toEqual(anonymous(missing));
    }
    expect((await alice.get(path)).body.name).toBe('Dreams');
    expect((await alice.patch(path, { isPublic: false })).status).toBe(200);
    expect((await bob.get(path)).status).toBe(404);
  });

  test('that is public shows neither the account nor the executions of its owner', async () => {
    const [alice, bob] = await Promise.all([given.user(), given.user()]);
    const { id } = await made(alice, { isPublic: true });
    const workflow = new UUID(id);
    await stored(ComfyUIWorkflowExecution, alice, { workflow });
    const his = await stored(ComfyUIWorkflowExecution, bob, { workflow });
    const query = `${workflows}/${id}?include=user,executions`;
    const seen = (await bob.get<Doc & { executions: Doc[] }>(query)).body;
    expect(seen.user).toBe(alice.id);
    expect(seen.executions.map((e) => e.id)).toEqual([his]);
    expect((await alice.get(query)).body.user).toMatchObject({ id: alice.id });
  });

  test('appears once in a paged list of own and public workflows', async () => {
    const [alice, bob] = await Promise.all([given.user(), given.user()]);
    const all: string[] = [];
    for (let n = 0; n < 3; n++) {
      all.push((await made(alice, { isPublic: true, name: `Zz ${n}` })).id);
      all.push((await made(bob, { isPublic: n === 1, name: `Zz ${n}` })).id);
    }
    for (const sort of ['-createdAt', 'createdAt', 'name', '-name']) {
      const seen: string[] = [];
      let cursor = '';
      do {
        const { body } = await bob.get<Page>(`${workflows}?sort=${sort}&limit=2${cursor}`);
        seen.push(...body.data.map((d) => d.id));
        cursor = body.nextCursor ? `&cursor=${body.nextCursor}` : '';
      } while (cursor);
      expect(new Set(seen).size, sort).toBe(seen.length);
      expect(seen, sort).toEqual(expect.arrayContaining(all));
    }
  });

  const spoilt: [string, object][] = [
    ['graph', { graph: {} }],
    ['graph.3', { graph: { ...graph, 3: null } }],
    ['graph.3', { graph: { ...graph, 3: { inputs: {} } } }],
    ['graph.3', { graph: { ...graph, 3: { class_type: 'A' } } }],
    ['graph.3', { graph: { ...graph, 3: { class_type: 'A', inputs: null } } }],
    ['graph.3', { graph: { ...graph, 3: { class_type: 'A', inputs: [] } } }],
    ['parameters.0.path', { parameters: [{ ...seed, path: '7.inputs.seed' }] }],
    ['parameters.0.path', { parameters: [{ ...seed, path: 'toString.inputs.seed' }] }],
    ['parameters.1.name', { parameters: [seed, seed] }],
    [
      'graph.9.inputs.images',
      { graph: { ...graph, 9: { class_type: 'A', inputs: { images: [{ toString: null }, 0] } } } },
    ],
    ['outputs.0.node', { outputs: [{ node: '7', kind: 'IMAGE' }] }],
  ];

  test.each(spoilt)(
    'whose graph, parameters and outputs contradict each other is refused: %s %j',
    async (path, part) => {
      const alice = await given.user();
      const refused = await alice.post<Problem>(workflows, { ...workflow, ...part });
      expect(refused.status).toBe(422);
      expect(refused.body.errors.map((e) => e.path)).toContain(path);
    },
  );

  test('refuses a change after which its graph, parameters and outputs would contradict each other', async () => {
    const alice = await given.user();
    const { id } = await made(alice);
    const before = (await alice.get(`${workflows}/${id}`)).body;
    for (const [path, change] of [
      ['parameters.0.path', { graph: { 3: null } }],
      ['outputs.0.node', { graph: { 9: null } }],
      ['graph.3', { graph: { 3: { class_type: null } } }],
      ['graph.4', { graph: { 4: 'text' } }],
      ['parameters.0.path', { parameters: [{ ...seed, path: '7.inputs.seed' }] }],
      ['outputs.0.node', { outputs: [{ node: '7', kind: 'IMAGE' }] }],
    ] as const) {
      const refused = await alice.patch<Problem>(`${workflows}/${id}`, change);
      expect(refused.status, path).toBe(422);
      expect(refused.body.errors.map((e) => e.path)).toContain(path);
    }
    expect((await alice.get(`${workflows}/${id}`)).body).toEqual(before);
  });

  test('raises its revision when what is executed changes, and only then', async () => {
    const alice = await given.user();
    const { id, revision } = await made(alice);
    expect(revision).toBe(1);
    const revised = async (change: object) =>
      (await alice.patch<Doc>(`${workflows}/${id}`, change)).body.revision;
    expect(await revised({ name: 'Another', description: 'x', isPublic: true })).toBe(1);
    expect(await revised({ graph: { 3: { inputs: { steps: 30 } } } })).toBe(2);
    expect(await revised({ parameters: [] })).toBe(3);
    expect(await revised({ outputs: [], name: 'A third' })).toBe(4);
    const changes = await Promise.all(
      times(8, (n) => revised({ graph: { 9: { inputs: { n } } } })),
    );
    expect(changes.toSorted()).toEqual(
      times(8, (n) => n + 5)
        .map(Number)
        .toSorted(),
    );
    expect((await alice.patch(`${workflows}/${id}`, { revision: 99 })).status).toBe(422);
  });

  test('cannot be deleted while an execution of it exists: 409 names the collection', async () => {
    const alice = await given.user();
    const { id } = await made(alice);
    const run = await stored(ComfyUIWorkflowExecution, alice, { workflow: new UUID(id) });
    const refused = await alice.delete(`${workflows}/${id}`);
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'IN_USE', errors: [{ path: 'comfyUIWorkflowExecutions' }] },
    });
    expect((await alice.patch(`${workflows}/${id}`, { name: 'Still' })).status).toBe(200);
    await ComfyUIWorkflowExecution.collection.deleteOne({ _id: new UUID(run) });
    expect((await alice.delete(`${workflows}/${id}`)).status).toBe(204);
  });
});

test('a default is any value that its parameter takes, and is stored as it is', async () => {
  const alice = await given.user();
  const graph = { '57:8': { class_type: 'Text', inputs: { x: '', 'a.b': 1 } } };
  const of = (name: string, type: string, value: unknown, more: object = {}) => ({
    ...{ name, type, path: `57:8.inputs.${name}`, default: value, ...more },
  });
  const parameters = [
    of('text', 'STRING', ''),
    of('steps', 'INTEGER', 20),
    of('strength', 'NUMBER', 0.5),
    of('isOn', 'BOOLEAN', false),
  ];
  const made = await alice.post('/v1/comfyui/workflows', { name: 'Kept', graph, parameters });
  expect(made).toMatchObject({ status: 201, body: { parameters } });
  const path = `/v1/comfyui/workflows/${made.body.id}`;
  expect((await alice.get(path)).body.parameters).toEqual(parameters);
  const same = await alice.patch(path, { graph: {} });
  expect(same.body.revision).toBe(1);
  const wrong = [
    of('text', 'STRING', 3),
    of('steps', 'INTEGER', 1.5),
    of('strength', 'NUMBER', 2, { max: 1 }),
    of('isOn', 'BOOLEAN', 'yes'),
    of('cover', 'IMAGE', 'cover.png'),
    of('seed', 'SEED', -1),
    of('nonce', 'NONCE', 1),
    of('mood', 'STRING', 'GREY', { enum: ['BRIGHT', 'DARK'] }),
    of('low', 'INTEGER', 3, { min: 10, max: 1 }),
  ];
  const refused = await alice.patch<Problem>(path, { parameters: wrong });
  expect(refused.status).toBe(422);
  expect(refused.body.errors.map((e) => e.path).toSorted()).toEqual([
    ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => `parameters.${n}.default`),
    'parameters.8.min',
  ]);
});

test('a graph of 400 nodes, 10,000 keys and 2 MB is taken', async () => {
  const alice = await given.user();
  const node = (n: number) => ({
    class_type: 'Text',
    inputs: Object.fromEntries(times(22, (i) => [`in${i}`, `${n} ${'x'.repeat(190)}`])),
  });
  const graph = Object.fromEntries(times(400, (n) => [`${n}`, node(n)]));
  const made = await alice.post('/v1/comfyui/workflows', { name: 'Large', graph });
  expect(made.status, made.text.slice(0, 300)).toBe(201);
  const big = {
    ...graph,
    400: node(400),
    401: { class_type: 'T', inputs: { x: 'x'.repeat(4e5) } },
  };
  const refused = await alice.post<Problem>('/v1/comfyui/workflows', { name: 'L', graph: big });
  expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: 'graph' }] } });
});

// Names that each object has of its prototype.
test.each(['toString', 'constructor', '__proto__', 'valueOf', 'hasOwnProperty'])(
  'a class of nodes may be called %s, in what is sent and in what is imported',
  async (class_type) => {
    const alice = await given.user();
    const sent = { name: 'Odd', graph: { 1: { class_type, inputs: { image: 1, text: 'a' } } } };
    for (const path of [workflows, `${workflows}/import`]) {
      const made = await alice.post(path, sent);
      expect(made.status, made.text).toBe(201);
      expect(made.body.graph).toEqual(sent.graph);
    }
  },
);

test.each(['{0198c0de-0000-7000-8000-000000000001}', '0198c0de000070008000000000000001', 'x'])(
  'what is no id is refused as the image of an import: %s',
  async (image) => {
    const alice = await given.user();
    const refused = await alice.post<Problem>(`${workflows}/import`, { name: 'Found', image });
    expect(refused, refused.text).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'image' }] },
    });
  },
);

describe.concurrent('a parameter', () => {
  const graph = { 1: { class_type: 'Text', inputs: { x: 1, y: '' } } };
  const make = async (...parameters: object[]) => {
    const alice = await given.user();
    const sent = {
      ...{ name: 'Odd', graph },
      parameters: parameters.map((one, n) => ({
        ...{ name: `p${n}`, path: n === 0 ? '1.inputs.x' : '1.inputs.y' },
        ...one,
      })),
    };
    return { alice, made: await alice.post<Doc & Problem>(workflows, sent) };
  };

  const impossible: [parameter: object, ...paths: string[]][] = [
    [{ type: 'SEED', min: 1e300 }, 'min'],
    [{ type: 'SEED', min: 2 ** 53 }, 'min'],
    [{ type: 'SEED', min: 0.5 }, 'min'],
    [{ type: 'SEED', max: -5 }, 'max'],
    [{ type: 'SEED', min: 2, max: 1 }, 'min'],
    [{ type: 'SEED', enum: ['1'] }, 'enum'],
    [{ type: 'NONCE', min: 1e300, max: -1 }, 'max', 'min'],
    [{ type: 'NONCE', required: true }, 'required'],
    [{ type: 'INTEGER', min: 0.2, max: 0.5 }, 'min'],
    [{ type: 'INTEGER', min: 1e300 }, 'min'],
    [{ type: 'INTEGER', max: -1e300 }, 'max'],
    [{ type: 'STRING', max: 10 }, 'max'],
    [{ type: 'BOOLEAN', min: 0, enum: ['maybe'] }, 'enum', 'min'],
    [{ type: 'IMAGE', enum: ['a.png'] }, 'enum'],
    [{ type: 'STRING', enum: [] }, 'enum'],
    [{ type: 'INTEGER', enum: ['1', '1.0', 'two', '9'], max: 8 }, 'enum.1', 'enum.2', 'enum.3'],
    [{ type: 'NUMBER', enum: ['0.5', '1e999', ' 1'] }, 'enum.1', 'enum.2'],
    [{ type: 'STRING', name: 'constructor' }, 'name'],
    [{ type: 'STRING', name: 'isMongooseBuffer' }, 'name'],
  ];

  test.each(impossible)('that no value could be given is refused: %j', async (one, ...paths) => {
    const { made } = await make(one);
    expect(made.status, made.text).toBe(422);
    const told = made.body.errors.map(({ path }) => path).toSorted();
    expect(told).toEqual(paths.map((path) => `parameters.0.${path}`));
  });

  test.each([
    { type: 'SEED', min: 2 ** 53 - 1 },
    { type: 'SEED', min: 5, max: 5 },
    { type: 'SEED', max: 0 },
    { type: 'INTEGER', min: 0.2, max: 1.5, enum: ['1'] },
    { type: 'NUMBER', min: -0.5, enum: ['-0.5', '1e+21'] },
    { type: 'STRING', enum: ['a b'] },
  ])('that some value can be given is taken, and what is drawn is within it: %j', async (one) => {
    const { alice, made } = await make(one);
    expect(made.status, made.text).toBe(201);
    const started = await alice.post<Doc & { seeds: Record<string, number> }>(
      '/v1/comfyui/executions',
      { workflow: made.body.id },
    );
    expect(started.status, started.text).toBe(202);
    if (one.type !== 'SEED') return;
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = one;
    expect(started.body.seeds.p0).toBeGreaterThanOrEqual(min);
    expect(started.body.seeds.p0).toBeLessThanOrEqual(max);
  });

  test('that is called as what each object has is none of that', async () => {
    const { alice, made } = await make(
      { name: 'valueOf', type: 'STRING', required: true },
      { name: 'toString', type: 'SEED' },
    );
    expect(made.status, made.text).toBe(201);
    const run = (parameters?: object) =>
      alice.post<Doc & Problem>('/v1/comfyui/executions', {
        workflow: made.body.id,
        ...(parameters && { parameters }),
      });
    const refused = await run();
    expect(refused.status, refused.text).toBe(422);
    expect(refused.body.errors.map(({ path }) => path)).toEqual(['parameters.valueOf']);
    const taken = await run({ valueOf: 'a' });
    expect(taken).toMatchObject({ status: 202, body: { parameters: { valueOf: 'a' } } });
    expect(taken.body.seeds).toEqual({ toString: expect.any(Number) });
  });

  test('of type NUMBER takes no number that JSON cannot tell', async () => {
    const { alice, made } = await make({ type: 'NUMBER' });
    const raw = `{"workflow":"${made.body.id}","parameters":{"p0":1e999}}`;
    const refused = await call('POST', '/v1/comfyui/executions', { token: alice.token, raw });
    expect(refused, refused.text).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'parameters.p0' }] },
    });
  });
});

test('twenty parameters may take media, and no more: the others are named', async () => {
  const alice = await given.user();
  const of = (most: number) => ({
    name: 'Many',
    graph: Object.fromEntries(
      times(most, (n) => [`${n}`, { class_type: 'LoadImage', inputs: { image: 'a.png' } }]),
    ),
  });
  const parameters = times(22, (n) => ({
    ...{ name: `p${n}`, type: 'IMAGE', path: `${n}.inputs.image` },
  }));
  const refused = await alice.post<Problem>(workflows, { ...of(22), parameters });
  expect(refused.status, refused.text).toBe(422);
  expect(refused.body.errors.map(({ path }) => path)).toEqual([
    'parameters.20.type',
    'parameters.21.type',
  ]);
  const taken = await alice.post(workflows, { ...of(20), parameters: parameters.slice(0, 20) });
  expect(taken.status, taken.text).toBe(201);
  const found = await alice.post<Doc>(`${workflows}/import`, of(22));
  expect(found.status, found.text).toBe(201);
  expect(found.body.parameters).toHaveLength(20);
});

test('a workflow whose price and whose graph are refused names both', async () => {
  const alice = await given.user();
  const wrong = { name: 'Wrong', graph: { 3: { class_type: 'A' } }, creditCost: 5 };
  const { id } = await made(alice);
  const outside = { graph: { 3: { inputs: { x: '../a.png' } } }, creditCost: 5 };
  for (const [refused, at] of [
    [await alice.post<Problem>(workflows, wrong), 'graph.3'],
    [await alice.post<Problem>(`${workflows}/import`, wrong), 'graph.3'],
    [await alice.patch<Problem>(`${workflows}/${id}`, outside), 'graph.3.inputs.x'],
  ] as const) {
    expect(refused.status, refused.text).toBe(422);
    expect(refused.body.errors.map(({ path }) => path)).toEqual(['creditCost', at]);
  }
});
