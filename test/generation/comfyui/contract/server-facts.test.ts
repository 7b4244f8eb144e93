import { expect, test } from 'vitest';
import { simplifyInfo } from '../../../../scripts/comfyui/simplify-info.ts';
import { listClasses } from '../../../../src/local/comfyui/nodes/classes.ts';
import known from '../../../../src/local/comfyui/nodes/object-info.json' with { type: 'json' };
import { call, drawPicture, post, url } from './server.ts';

test('the server says what it is and what it has', async () => {
  const { system, devices } = (await call('/system_stats')).body;
  expect(system).toMatchObject({
    os: expect.any(String),
    comfyui_version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    python_version: expect.any(String),
    pytorch_version: expect.any(String),
    argv: expect.any(Array),
    ram_total: expect.any(Number),
    ram_free: expect.any(Number),
  });
  expect(devices[0]).toMatchObject({
    name: expect.any(String),
    type: expect.any(String),
    vram_total: expect.any(Number),
    vram_free: expect.any(Number),
    torch_vram_total: expect.any(Number),
    torch_vram_free: expect.any(Number),
  });
});

test('a class is described alone or among all, and an unknown one is not', async () => {
  const { body: all } = await call('/object_info');
  const { body: one } = await call('/object_info/EmptyImage');
  expect(one).toEqual({ EmptyImage: all.EmptyImage });
  expect((await call('/object_info/NoSuchNode')).body).toEqual({});
});

test('the classes of the stand-in are described as the server describes them', async () => {
  const { body } = await call('/object_info');
  for (const name of listClasses()) {
    expect.soft(simplifyInfo(body[name]), name).toEqual(simplifyInfo(known[name as 'EmptyImage']));
  }
});

test('folders of models are listed, and one that does not exist is a 404', async () => {
  expect((await call('/models')).body).toContain('checkpoints');
  expect((await call('/models/checkpoints')).body).toEqual(expect.any(Array));
  expect((await call('/models/no-such-folder')).status).toBe(404);
});

test('a page of another origin is refused', async () => {
  const headers = { Origin: 'https://evil.example', 'Content-Type': 'text/plain' };
  const body = JSON.stringify({ prompt: drawPicture() });
  expect((await call('/prompt', { method: 'POST', headers, body })).status).toBe(403);
  const own = await call('/prompt', { headers: { Origin: url } });
  expect(own.status).toBe(200);
});

test('memory may be freed', async () => {
  const { status, bytes } = await post('/free', { unload_models: true, free_memory: true });
  expect([status, bytes.length]).toEqual([200, 0]);
});
