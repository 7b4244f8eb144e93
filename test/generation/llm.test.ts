import '../harness/place.ts';
import { expect, test } from 'vitest';
import { llmInteractions } from '../../functions/llm-interactions.ts';
import { llmMetrics } from '../../functions/llm-metrics.ts';
import { llmModels } from '../../functions/llm-models.ts';
import { conforms } from '../conforms.ts';
import { newText } from '../contract/held.ts';
import { type Doc, given } from '../harness/given.ts';
import { storedAt } from '../harness/stored.ts';

const models = '/v1/llm/models';
const model = () => ({
  name: newText(),
  provider: 'example',
  capabilities: { input: ['TEXT'], output: ['TEXT'], streaming: 'OPTIONAL' },
  prices: { prompt: 0.5 },
});

conforms(llmInteractions, {
  make: storedAt(llmInteractions),
  body: async () => ({ model: 'qwen-omni', prompt: 'Hum a tune.' }),
});

conforms(llmMetrics, { person: given.admin, make: (person) => metric(person) });

// Each is of another model: one metric a model and hour.
const metric = storedAt(llmMetrics);

conforms(llmModels, {
  person: given.admin,
  make: async (person) => (await person.post<Doc>(models, model())).body,
  body: async () => model(),
  change: { provider: 'another', isEnabled: false },
});

test('the name of a model is unique and cannot be changed', async () => {
  const root = await given.admin();
  const good = model();
  const { id } = (await root.post<Doc>(models, good)).body;
  expect(await root.post(models, good)).toMatchObject({
    status: 409,
    body: { code: 'DUPLICATE', errors: [{ path: 'name' }] },
  });
  expect((await root.patch(`${models}/${id}`, { name: newText() })).status).toBe(422);
  const alice = await given.user();
  expect((await alice.get(`${models}/${id}`)).body).toMatchObject({ name: good.name });
});

test('an interaction has either a prompt or messages, not both', async () => {
  const alice = await given.user();
  const messages = [{ role: 'USER', content: 'Hum.' }];
  const ask = async (body: object) => (await alice.post('/v1/llm/interactions', body)).status;
  expect(await ask({ prompt: 'Hum.' })).toBe(501);
  expect(await ask({ messages })).toBe(501);
  expect(await ask({ prompt: 'Hum.', messages })).toBe(422);
  expect(await ask({})).toBe(422);
  expect(await ask({ messages: [{ role: 'ROBOT', content: 'x' }] })).toBe(422);
});
