import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { until } from '../../../harness/until.ts';
import { call, drawPicture, drawSlowly, finish, post, submit } from './server.ts';

const queue = async () => {
  const { body } = await call('/queue');
  const ids = (items: unknown[][]) => items.map(([, id]) => id as string);
  return { running: ids(body.queue_running), pending: ids(body.queue_pending), body };
};

/** Submits a prompt that takes a while, and waits until it runs. */
async function occupy(): Promise<string> {
  const id = await submit(drawSlowly(80));
  await until('it runs', async () => (await queue()).running.includes(id));
  return id;
}

async function clear(): Promise<void> {
  await post('/queue', { clear: true });
  await post('/interrupt');
  await until('nothing runs', async () => (await queue()).running.length === 0);
}

describe('the queue', () => {
  test('runs one prompt at a time, the lowest number first', async () => {
    const first = await occupy();
    const second = await submit(drawPicture());
    const third = await submit(drawPicture());
    const ahead = await submit(drawPicture(), { number: -1000 });
    const { running, pending, body } = await queue();
    expect(running).toEqual([first]);
    expect(pending).toHaveLength(3);
    expect(body.queue_running[0]).toHaveLength(5);
    expect((await call('/prompt')).body).toEqual({ exec_info: { queue_remaining: 4 } });
    await post('/interrupt', { prompt_id: first });
    await finish(third);
    const start = async (id: string) =>
      (await finish(id)).status.messages[0]?.[1].timestamp as number;
    expect(await start(ahead)).toBeLessThanOrEqual(await start(second));
    expect(await start(second)).toBeLessThanOrEqual(await start(third));
  });

  test('puts a prompt that asks for it in front of those that wait', async () => {
    await occupy();
    await submit(drawPicture());
    const front = await post('/prompt', { prompt: drawPicture(), front: true });
    expect(front.body.number).toBeLessThan(0);
    await clear();
  });

  test('forgets what is deleted from it, and ignores ids that it does not know', async () => {
    await occupy();
    const waiting = await submit(drawPicture());
    const { status, bytes } = await post('/queue', { delete: [waiting, randomUUID()] });
    expect([status, bytes.length]).toEqual([200, 0]);
    expect((await queue()).pending).toEqual([]);
    await clear();
    expect((await call(`/history/${waiting}`)).body).toEqual({});
  });

  test('is empty after it was cleared; what runs goes on', async () => {
    const running = await occupy();
    await submit(drawPicture());
    await post('/queue', { clear: true });
    expect(await queue()).toMatchObject({ running: [running], pending: [] });
    await clear();
  });
});

describe('the history', () => {
  test('is empty, with 200, for what is unknown, waits or runs', async () => {
    const running = await occupy();
    const waiting = await submit(drawPicture());
    for (const id of [running, waiting, randomUUID()]) {
      const { status, body } = await call(`/history/${id}`);
      expect([status, body]).toEqual([200, {}]);
    }
    await clear();
  });

  test('gives the newest ones, and forgets what is deleted', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) {
      const id = await submit(drawPicture());
      await finish(id);
      ids.push(id);
    }
    expect(Object.keys((await call('/history?max_items=2')).body)).toEqual(ids.slice(1));
    const { status, bytes } = await post('/history', { delete: [ids[0]] });
    expect([status, bytes.length]).toEqual([200, 0]);
    expect((await call(`/history/${ids[0]}`)).body).toEqual({});
    expect((await call(`/history/${ids[1]}`)).body).not.toEqual({});
  });
});

describe('an interruption', () => {
  test('of another prompt than the one that runs changes nothing', async () => {
    const running = await occupy();
    const { status, bytes } = await post('/interrupt', { prompt_id: randomUUID() });
    expect([status, bytes.length]).toEqual([200, 0]);
    expect((await queue()).running).toEqual([running]);
    await clear();
  });

  test('ends the prompt that runs at its next node, as an error that was no failure', async () => {
    const running = await occupy();
    await post('/interrupt', { prompt_id: running });
    const { status } = await finish(running);
    expect(status).toMatchObject({ status_str: 'error', completed: false });
    const [type, data] = status.messages.at(-1) ?? [];
    expect(type).toBe('execution_interrupted');
    expect(data).toMatchObject({ prompt_id: running, node_id: expect.any(String) });
    expect(data).toHaveProperty('executed');
  });

  test('that names no prompt ends whatever runs', async () => {
    const running = await occupy();
    expect((await call('/interrupt', { method: 'POST' })).status).toBe(200);
    const { status } = await finish(running);
    expect(status.messages.at(-1)?.[0]).toBe('execution_interrupted');
  });
});

describe('the jobs', () => {
  test('are pending, in progress and completed, and a real 404 if unknown', async () => {
    const running = await occupy();
    const waiting = await submit(drawPicture());
    expect((await call(`/api/jobs/${running}`)).body).toMatchObject({
      id: running,
      status: 'in_progress',
    });
    expect((await call(`/api/jobs/${waiting}`)).body).toMatchObject({
      id: waiting,
      status: 'pending',
      outputs_count: 0,
    });
    await post('/interrupt', { prompt_id: running });
    await finish(waiting);
    const { body: done } = await call(`/api/jobs/${waiting}`);
    expect(done).toMatchObject({
      id: waiting,
      status: 'completed',
      outputs_count: 1,
      preview_output: { nodeId: '2', mediaType: 'images', type: 'output' },
      execution_start_time: expect.any(Number),
      execution_end_time: expect.any(Number),
      outputs: { 2: { images: [expect.any(Object)] } },
      execution_status: { status_str: 'success' },
      workflow: { prompt: expect.any(Object) },
    });
    const { body: stopped } = await call(`/api/jobs/${running}`);
    expect(['failed', 'cancelled']).toContain(stopped.status);
    const unknown = await call(`/api/jobs/${randomUUID()}`);
    expect([unknown.status, unknown.body]).toEqual([404, { error: 'Job not found' }]);
  });

  test('are listed page by page, and a wrong filter is refused', async () => {
    await finish(await submit(drawPicture()));
    const { body } = await call('/api/jobs?status=completed&limit=1&sort_order=asc');
    expect(body.jobs).toHaveLength(1);
    expect(body.pagination).toMatchObject({ offset: 0, limit: 1, total: expect.any(Number) });
    for (const query of ['status=odd', 'limit=0', 'limit=x', 'sort_by=name', 'sort_order=up']) {
      const { status, body: refused } = await call(`/api/jobs?${query}`);
      expect([status, refused.error]).toEqual([400, expect.any(String)]);
    }
  });
});
