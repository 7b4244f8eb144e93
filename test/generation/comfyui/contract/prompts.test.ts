import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Graph } from '../../../../src/local/comfyui/graph.ts';
import { call, drawPicture, finish, listFiles, post, submit, view } from './server.ts';

const refused = async (prompt: unknown) => {
  const { status, body } = await post('/prompt', { prompt });
  return { status, type: body.error.type, node_errors: body.node_errors };
};

/** The types of errors of a node in a prompt that is refused. */
const faultsOf = async (prompt: Graph, node: string) => {
  const { status, node_errors } = await refused(prompt);
  expect(status).toBe(400);
  return node_errors[node].errors.map((error: { type: string }) => error.type);
};

describe('a prompt', () => {
  test('is taken under the id that it came with, and its result is in the history', async () => {
    const prompt_id = randomUUID();
    const { status, body } = await post('/prompt', { prompt: drawPicture(), prompt_id });
    expect([status, body.prompt_id, body.node_errors]).toEqual([200, prompt_id, {}]);
    expect(body.number).toEqual(expect.any(Number));
    const { prompt, outputs, meta, status: ended } = await finish(prompt_id);
    expect(prompt.slice(0, 3)).toEqual([body.number, prompt_id, expect.any(Object)]);
    expect(prompt[4]).toEqual(['2']);
    const file = {
      filename: expect.stringMatching(/^t-.*_00001_\.png$/),
      subfolder: '',
      type: 'output',
    };
    expect(outputs).toEqual({ 2: { images: [file] } });
    expect(meta[2]).toEqual({
      node_id: '2',
      display_node: '2',
      parent_node: null,
      real_node_id: '2',
    });
    expect(ended).toMatchObject({ status_str: 'success', completed: true });
    expect(ended.messages.map(([type]) => type)).toEqual([
      'execution_start',
      'execution_cached',
      'execution_success',
    ]);
    expect(ended.messages[0]?.[1]).toEqual({ prompt_id, timestamp: expect.any(Number) });
  });

  test('may be submitted under /api as well', async () => {
    const { status, body } = await post('/api/prompt', { prompt: drawPicture() });
    expect(status).toBe(200);
    await finish(body.prompt_id);
    expect((await call(`/api/history/${body.prompt_id}`)).body[body.prompt_id]).toBeDefined();
  });

  test('that is submitted twice under one id runs twice, or is refused with 409', async () => {
    const prompt_id = randomUUID();
    await post('/prompt', { prompt: drawPicture(), prompt_id });
    const { status } = await post('/prompt', { prompt: drawPicture(), prompt_id });
    expect([200, 409]).toContain(status);
    await finish(prompt_id);
  });

  test('of which one output is wrong runs with the others, and says so', async () => {
    const prompt = drawPicture();
    prompt[3] = { class_type: 'SaveImage', inputs: { filename_prefix: 'never' } };
    const { status, body } = await post('/prompt', { prompt });
    expect(status).toBe(200);
    expect(body.node_errors[3]).toMatchObject({
      class_type: 'SaveImage',
      dependent_outputs: ['3'],
      errors: [{ type: 'required_input_missing', extra_info: { input_name: 'images' } }],
    });
    expect(Object.keys((await finish(body.prompt_id)).outputs)).toEqual(['2']);
  });

  test('carries no secrets of its owner in the history', async () => {
    const extra_data = { api_key_comfy_org: 'canary', note: 'kept' };
    const id = await submit(drawPicture(), { extra_data });
    const text = JSON.stringify(await finish(id));
    expect(text).toContain('kept');
    expect(text).not.toContain('canary');
  });

  test('may hold ids of nodes in subgraphs', async () => {
    const { 1: source, 2: sink } = drawPicture() as Record<string, Graph[string]>;
    const prompt = {
      '57:8': source as Graph[string],
      '57:9': { ...(sink as Graph[string]), inputs: { images: ['57:8', 0], filename_prefix: 's' } },
    };
    expect(Object.keys((await finish(await submit(prompt))).outputs)).toEqual(['57:9']);
  });

  test('with several pictures gives as many files, and each holds the prompt', async () => {
    const id = await submit(drawPicture({ batch_size: 3 }), {
      extra_data: { extra_pnginfo: { workflow: { id: 'mine' } } },
    });
    const files = listFiles(await finish(id), '2');
    expect(files).toHaveLength(3);
    for (const file of files) {
      const { bytes } = await view(file);
      expect(bytes.toString('latin1')).toMatch(/"class_type": ?"EmptyImage"/);
      expect(bytes.toString('latin1')).toContain('mine');
    }
  });
});

describe('what is refused', () => {
  test('has no prompt', async () => {
    const { status, body } = await post('/prompt', {});
    expect([status, body.error.type]).toEqual([400, 'no_prompt']);
  });

  test('has a node without a class, or of an unknown one', async () => {
    expect(await refused({ 1: { inputs: {} } })).toMatchObject({
      status: 400,
      type: 'invalid_prompt',
    });
    const { status, type } = await refused({ 1: { class_type: 'NoSuchNode', inputs: {} } });
    expect(status).toBe(400);
    expect(['invalid_prompt', 'missing_node_type']).toContain(type);
  });

  test('has no output', async () => {
    const { 1: node } = drawPicture();
    expect(await refused({ 1: node })).toMatchObject({ status: 400, type: 'prompt_no_outputs' });
  });

  test('is no JSON', async () => {
    const { status } = await call('/prompt', { method: 'POST', body: '{' });
    expect([400, 500]).toContain(status);
  });

  test('has values outside their bounds or of another type', async () => {
    expect(await faultsOf(drawPicture({ width: 0 }), '1')).toEqual(['value_smaller_than_min']);
    expect(await faultsOf(drawPicture({ width: 99_999 }), '1')).toEqual(['value_bigger_than_max']);
    expect(await faultsOf(drawPicture({ width: 'wide' }), '1')).toEqual(['invalid_input_type']);
    expect(await faultsOf(drawPicture({ width: [1, 2, 3] }), '1')).toEqual(['bad_linked_input']);
  });

  test('names all that is wrong with a node at once', async () => {
    const faults = await faultsOf(drawPicture({ width: 0, height: 'high', color: -1 }), '1');
    expect(faults.sort()).toEqual([
      'invalid_input_type',
      'value_smaller_than_min',
      'value_smaller_than_min',
    ]);
  });

  test('has an option that does not exist', async () => {
    const scale = { upscale_method: 'magic', width: 8, height: 8, crop: 'disabled' };
    const prompt: Graph = {
      ...drawPicture(),
      3: { class_type: 'ImageScale', inputs: { image: ['1', 0], ...scale } },
      2: { class_type: 'SaveImage', inputs: { images: ['3', 0], filename_prefix: 'x' } },
    };
    const { node_errors } = await refused(prompt);
    const [error] = node_errors[3].errors;
    expect(error).toMatchObject({
      type: 'value_not_in_list',
      details:
        "upscale_method: 'magic' not in ['nearest-exact', 'bilinear', 'area', 'bicubic', 'lanczos']",
    });
    expect(node_errors[3].dependent_outputs).toEqual(['2']);
  });

  test('links what does not fit, or to a node that is not there', async () => {
    const mask: Graph = {
      1: { class_type: 'SolidMask', inputs: { value: 1, width: 8, height: 8 } },
      2: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'x' } },
    };
    expect(await faultsOf(mask, '2')).toEqual(['return_type_mismatch']);
    const loose = {
      2: { class_type: 'SaveImage', inputs: { images: ['99', 0], filename_prefix: 'x' } },
    };
    expect(await faultsOf(loose, '2')).toEqual(['exception_during_validation']);
  });

  test('loads a file that was not uploaded', async () => {
    const prompt: Graph = {
      1: { class_type: 'LoadImage', inputs: { image: 'no-such-file.png' } },
      2: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'x' } },
    };
    expect(await faultsOf(prompt, '1')).toEqual(['custom_validation_failed']);
  });
});

describe('what runs again unchanged', () => {
  test('succeeds without outputs where no client asked, and with the same ones where one did', async () => {
    const prompt = drawPicture();
    const first = await finish(await submit(prompt));
    const silent = await finish(await submit(prompt));
    expect([silent.status.status_str, silent.outputs]).toEqual(['success', {}]);
    expect(silent.status.messages[1]?.[1].nodes).toEqual(['1', '2']);
    const heard = await finish(await submit(prompt, { client_id: randomUUID() }));
    expect(heard.outputs).toEqual(first.outputs);
  });

  test('runs anew with an input that its class does not know', async () => {
    const prompt = drawPicture();
    await finish(await submit(prompt));
    const { 2: node } = prompt as Record<string, Graph[string]>;
    const again = {
      ...prompt,
      2: { ...(node as Graph[string]), inputs: { ...node?.inputs, nonce: randomUUID() } },
    };
    const { outputs, status } = await finish(await submit(again));
    expect(Object.keys(outputs)).toEqual(['2']);
    expect(status.messages[1]?.[1].nodes).toEqual(['1']);
  });
});

describe('a node that fails', () => {
  test('ends the prompt as an error that names it', async () => {
    const prompt: Graph = {
      1: { class_type: 'EmptyAudio', inputs: { duration: 1, sample_rate: 8000, channels: 2 } },
      2: {
        class_type: 'TrimAudioDuration',
        inputs: { audio: ['1', 0], start_index: 0.5, duration: 0 },
      },
      3: { class_type: 'SaveAudio', inputs: { audio: ['2', 0], filename_prefix: randomUUID() } },
    };
    const { status, outputs } = await finish(await submit(prompt));
    expect(status).toMatchObject({ status_str: 'error', completed: false });
    const [type, data] = status.messages.at(-1) ?? [];
    expect(type).toBe('execution_error');
    expect(data).toMatchObject({
      node_id: '2',
      node_type: 'TrimAudioDuration',
      exception_type: 'ValueError',
      exception_message: expect.stringContaining(
        'AudioTrim: Start time must be less than end time',
      ),
      executed: ['1'],
      traceback: expect.any(Array),
    });
    expect(outputs).toEqual({});
  });
});
