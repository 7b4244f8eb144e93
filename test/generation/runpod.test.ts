import '../harness/place.ts';
import { expect, test } from 'vitest';
import { runpodConfigurations } from '../../functions/runpod-configurations.ts';
import { runpodExecutions } from '../../functions/runpod-executions.ts';
import { runpodPods } from '../../functions/runpod-pods.ts';
import { runpodTemplates } from '../../functions/runpod-templates.ts';
import { runpodUsers } from '../../functions/runpod-users.ts';
import { UUID } from '../../src/data/ids.ts';
import { RunPodConfiguration } from '../../src/models/generation/runpod/configuration.ts';
import { RunPodTemplate } from '../../src/models/generation/runpod/template.ts';
import { conforms } from '../conforms.ts';
import type { Problem } from '../contract/held.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { stored, storedAt } from '../harness/stored.ts';

const configurations = '/v1/runpod/configurations';
const templates = '/v1/runpod/templates';
const apiKey = 'rpa_0123456789ABCDEFGHIJ';
const template = { name: 'ComfyUI', image: 'example/comfyui:1', ports: ['8188/http'] };
const idOf = (answer: { body: Doc }) => answer.body.id;
const templateOf = async (person: Person) => idOf(await person.post<Doc>(templates, template));

const configuration = async (person: Person) => ({
  name: 'Mine',
  apiKey,
  defaultTemplate: await templateOf(person),
  limits: { maxPods: 2 },
});

conforms(runpodConfigurations, {
  make: async (person) =>
    (await person.post<Doc>(configurations, await configuration(person))).body,
  body: configuration,
  change: { name: 'Another', gpuTypes: ['NVIDIA L4'] },
});

conforms(runpodTemplates, {
  make: async (person) =>
    (await person.post<Doc>(templates, { ...template, category: 'Images' })).body,
  body: async () => ({ ...template, env: { TOKEN: 'secret' }, diskGb: 40 }),
  change: { name: 'Another', category: 'Video' },
});

conforms(runpodPods, {
  make: storedAt(runpodPods),
  body: async (person) => ({
    configuration: await stored(RunPodConfiguration, person),
    name: 'Pod',
  }),
});

conforms(runpodExecutions, {
  make: storedAt(runpodExecutions),
  body: async (person) => ({
    configuration: await stored(RunPodConfiguration, person),
    endpointId: 'abc',
    input: {},
  }),
});

conforms(runpodUsers, { make: storedAt(runpodUsers) });

test('every answer shows only the last four characters of an API key, and no audit event shows any', async () => {
  const alice = await given.user();
  const made = await alice.post<Doc>(configurations, { name: 'Mine', apiKey });
  const path = `${configurations}/${made.body.id}`;
  const newKey = 'rpa_another_secret_WXYZ';
  const answers = [
    made,
    await alice.get(path),
    await alice.get(`${path}?fields=apiKey`),
    await alice.get(configurations),
    await alice.patch(path, { name: 'Ours' }),
  ];
  for (const { text } of answers) expect(text).toContain('"apiKey":"…GHIJ"');
  const changed = await alice.patch(path, { apiKey: newKey });
  expect(changed.body.apiKey).toBe('…WXYZ');
  for (const { text } of [...answers, changed]) expect(text).not.toMatch(/rpa_/);
  const raw = await RunPodConfiguration.collection.findOne({ _id: new UUID(made.body.id) });
  expect(JSON.stringify(raw)).not.toMatch(/rpa_/);
  for (const bad of ['short', '', 7, null, '…WXYZ']) {
    const refused = await alice.patch<Problem>(path, { apiKey: bad });
    expect(refused.status, String(bad)).toBe(422);
    expect(new Set(refused.body.errors.map((e) => e.path))).toEqual(new Set(['apiKey']));
  }
  expect((await alice.get(path)).body.apiKey).toBe('…WXYZ');
});

test('the environment of a template is stored encrypted, and its owner reads it in plain text', async () => {
  const alice = await given.user();
  const env = { TOKEN: 'very-secret', MODE: 'fast' };
  const made = await alice.post<Doc>(templates, { ...template, env });
  expect(made.body.env).toEqual(env);
  const path = `${templates}/${made.body.id}`;
  expect((await alice.get(path)).body.env).toEqual(env);
  const changed = await alice.patch<Doc>(path, { env: { MODE: null, LEVEL: '3' } });
  expect(changed.body.env).toEqual({ TOKEN: 'very-secret', LEVEL: '3' });
  expect((await alice.get(`${templates}?fields=env`)).body).toMatchObject({
    data: [{ env: changed.body.env }],
  });
  const raw = await RunPodTemplate.collection.findOne({ _id: new UUID(made.body.id) });
  expect(JSON.stringify(raw)).not.toMatch(/very-secret|LEVEL/);
  expect((await alice.patch<Doc>(path, { env: null })).body).not.toHaveProperty('env');
});
