import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Graph } from '../../../../src/local/comfyui/graph.ts';
import { connect } from './client.ts';
import { call, drawPicture, drawSlowly, finish, listFiles, post, submit } from './server.ts';

// Of a model that enlarges pictures the smallest one will do. The stand-in has one; a server may.
const [model] = (await call('/models/upscale_models')).body as string[];

describe('a client that is connected', () => {
  test('is told its id and the length of the queue at first', async () => {
    const client = await connect();
    expect(client.events[0]).toEqual({
      type: 'status',
      data: {
        status: { exec_info: { queue_remaining: expect.any(Number) } },
        sid: client.id,
      },
    });
    const nameless = await connect('');
    expect(nameless.events[0]?.data.sid).toMatch(/^[0-9a-f]{32}$/);
    for (const one of [client, nameless]) one.close();
  });

  test('follows its prompt from the start to the end, when the history is there', async () => {
    const client = await connect();
    const id = await submit(drawPicture(), { client_id: client.id });
    await client.end(id);
    expect((await call(`/history/${id}`)).body[id].status.status_str).toBe('success');
    const types = client.of(id).map(({ type }) => type);
    expect(types.slice(0, 2)).toEqual(['execution_start', 'execution_cached']);
    expect(types.filter((type) => type !== 'progress_state').slice(2)).toEqual([
      'executing',
      'executing',
      'executed',
      'execution_success',
      'executing',
    ]);
    const all = client.events;
    const success = all.findIndex(({ type }) => type === 'execution_success');
    const end = all.findIndex(({ type, data }) => type === 'executing' && data.node === null);
    expect(all.slice(success, end).some(({ type }) => type === 'status')).toBe(true);
    client.close();
  });

  test('learns of each node: when it starts, how far it is, and what it made', async () => {
    const client = await connect();
    const id = await submit(drawPicture(), { client_id: client.id });
    await client.end(id);
    const find = (name: string) => client.of(id).filter(({ type }) => type === name);
    expect(find('executing')[0]?.data).toEqual({ node: '1', display_node: '1', prompt_id: id });
    expect(find('executed')[0]?.data).toEqual({
      node: '2',
      display_node: '2',
      prompt_id: id,
      output: { images: [expect.objectContaining({ type: 'output' })] },
    });
    const states = find('progress_state');
    expect(states[0]?.data.nodes).toEqual({
      1: {
        value: 0,
        max: 1,
        state: 'running',
        node_id: '1',
        prompt_id: id,
        display_node_id: '1',
        parent_node_id: null,
        real_node_id: '1',
      },
    });
    expect(states.at(-1)?.data.nodes).toMatchObject({
      1: { state: 'finished' },
      2: { state: 'finished' },
    });
    client.close();
  });

  test.skipIf(!model)('learns of each step of a node that works in steps', async () => {
    const client = await connect();
    const prompt: Graph = {
      ...drawPicture({ width: 1100, height: 600 }),
      3: { class_type: 'UpscaleModelLoader', inputs: { model_name: model } },
      4: {
        class_type: 'ImageUpscaleWithModel',
        inputs: { upscale_model: ['3', 0], image: ['1', 0] },
      },
      5: { class_type: 'PreviewImage', inputs: { images: ['4', 0] } },
    };
    const id = await submit(prompt, { client_id: client.id });
    await client.end(id);
    const steps = client.of(id).filter(({ type }) => type === 'progress');
    expect(steps.map(({ data }) => data)).toEqual(
      [1, 2, 3, 4, 5, 6].map((value) => ({ value, max: 6, prompt_id: id, node: '4' })),
    );
    const states = client.of(id).filter(({ type }) => type === 'progress_state');
    const last = states.findLast(({ data }) => data.nodes[4]?.state === 'running');
    expect(last?.data.nodes[4]).toMatchObject({ value: 6, max: 6 });
    const [shown] = listFiles(await finish(id), '5') as unknown as { type: string }[];
    expect(shown?.type).toBe('temp');
    client.close();
  });

  test('is told of an error, and that the worker has done', async () => {
    const client = await connect();
    const id = await submit(
      {
        1: { class_type: 'EmptyAudio', inputs: { duration: 1, sample_rate: 8000, channels: 1 } },
        2: {
          class_type: 'TrimAudioDuration',
          inputs: { audio: ['1', 0], start_index: 0, duration: 0 },
        },
        3: { class_type: 'SaveAudio', inputs: { audio: ['2', 0], filename_prefix: randomUUID() } },
      },
      { client_id: client.id },
    );
    await client.end(id);
    const types = client.of(id).map(({ type }) => type);
    expect(types.slice(-2)).toEqual(['execution_error', 'executing']);
    client.close();
  });

  test('is told that its prompt was interrupted', async () => {
    const client = await connect();
    const id = await submit(drawSlowly(), { client_id: client.id });
    await client.waitFor(
      'a node runs',
      ({ type, data }) => type === 'executing' && data.prompt_id === id,
    );
    await post('/interrupt', { prompt_id: id });
    await client.end(id);
    expect(client.of(id).map(({ type }) => type)).toContain('execution_interrupted');
    client.close();
  });

  test('hears nothing of the prompts of others but the length of the queue', async () => {
    const [mine, other] = await Promise.all([connect(), connect()]);
    const id = await submit(drawPicture(), { client_id: mine.id });
    await mine.end(id);
    expect(other.of(id)).toEqual([]);
    expect(other.events.every(({ type }) => type === 'status')).toBe(true);
    for (const client of [mine, other]) client.close();
  });

  test('hears of a prompt that names no client how far it is, and nothing else', async () => {
    const client = await connect();
    const id = await submit(drawPicture());
    await client.waitFor('progress', ({ data }) => data.prompt_id === id);
    await finish(id);
    await client.end(await submit(drawPicture(), { client_id: client.id }));
    const types = new Set(client.of(id).map(({ type }) => type));
    expect([...types]).toEqual(['progress_state']);
    client.close();
  });

  test('is told of cached nodes, too', async () => {
    const client = await connect();
    const prompt = drawPicture();
    await client.end(await submit(prompt, { client_id: client.id }));
    const again = await submit(prompt, { client_id: client.id });
    await client.end(again);
    const cached = client.of(again).find(({ type }) => type === 'execution_cached');
    expect(cached?.data.nodes).toEqual(['1', '2']);
    const executed = client.of(again).find(({ type }) => type === 'executed');
    expect(executed?.data).toMatchObject({ node: '2', output: { images: [expect.any(Object)] } });
    client.close();
  });

  test('that comes back while its prompt runs is told which node that is, and nothing it missed', async () => {
    const first = await connect();
    const id = await submit(drawSlowly(80), { client_id: first.id });
    await first.waitFor(
      'a node runs',
      ({ type, data }) => type === 'executing' && data.prompt_id === id,
    );
    first.close();
    const second = await connect(first.id);
    await second.waitFor(
      'the node is named',
      ({ type, data }) => type === 'executing' && data.prompt_id === undefined,
    );
    expect(second.of(id).map(({ type }) => type)).not.toContain('execution_start');
    await post('/interrupt', { prompt_id: id });
    await finish(id);
    second.close();
  });

  test('may ask which features the server has', async () => {
    const client = await connect();
    client.send({ type: 'feature_flags', data: { supports_preview_metadata: true } });
    const { data } = await client.waitFor('an answer', ({ type }) => type === 'feature_flags');
    expect(data).toMatchObject({
      supports_preview_metadata: true,
      max_upload_size: expect.any(Number),
    });
    expect((await call('/features')).body).toEqual(data);
    client.close();
  });
});
