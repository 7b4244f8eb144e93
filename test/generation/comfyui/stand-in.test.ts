import { randomUUID } from 'node:crypto';
import sharp from 'sharp';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Graph } from '../../../src/local/comfyui/graph.ts';
import {
  type ComfyUi,
  drawFaults,
  FAULTS,
  type FaultName,
  type Options,
  simulateClock,
  startComfyUi,
} from '../../../src/local/comfyui/start.ts';
import { until } from '../../harness/until.ts';

const graph: Graph = {
  1: { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 255 } },
  2: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'blue' } },
};

async function start(options: Options = {}): Promise<ComfyUi> {
  const server = await startComfyUi(options);
  onTestFinished(() => server.stop());
  return server;
}

/** A stand-in without a port, on a clock that is moved by hand. */
async function simulate(options: Options = {}) {
  const clock = simulateClock();
  const server = await start({ port: false, clock, ...options });
  // biome-ignore lint/suspicious/noExplicitAny: what a server of others answers
  const fetchJson = async (path: string, init?: RequestInit): Promise<any> =>
    (await server.fetch(`http://comfyui${path}`, init)).json();
  const submit = (more: object = {}) =>
    server.fetch('http://comfyui/prompt', {
      method: 'POST',
      body: JSON.stringify({ prompt: graph, prompt_id: randomUUID(), ...more }),
    });
  return { clock, server, fetchJson, submit };
}

describe('on a simulated clock', () => {
  test('six hours pass at once, and the history says so', async () => {
    const { clock, fetchJson, submit } = await simulate({ timings: { EmptyImage: 6 * 3600 } });
    const prompt_id = randomUUID();
    await submit({ prompt_id });
    await clock.advance(6 * 3600 * 1000 - 1);
    expect(await fetchJson(`/history/${prompt_id}`)).toEqual({});
    expect((await fetchJson('/queue')).queue_running).toHaveLength(1);
    await clock.advance(1);
    const { status } = (await fetchJson(`/history/${prompt_id}`))[prompt_id];
    const [[, begin], , [, end]] = status.messages;
    expect(end.timestamp - begin.timestamp).toBe(6 * 3600 * 1000);
  });

  test('what happens is the same each time', async () => {
    const runs = await Promise.all(
      [1, 2].map(async () => {
        const { clock, server, submit } = await simulate({ timings: { '*': 1 } });
        const events: string[] = [];
        const send = (frame: string | Uint8Array) => void events.push(String(frame));
        server.connect('me', { send, close: () => {}, fallSilent: () => {} });
        await submit({ client_id: 'me', prompt_id: 'one' });
        await clock.advance(5000);
        return events;
      }),
    );
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]?.length).toBeGreaterThan(8);
  });
});

describe('a fault of a request', () => {
  test.each([
    ['too-many', 429],
    ['server-error', 500],
    ['bad-gateway', 502],
    ['unavailable', 503],
    ['login-page', 200],
  ] as const)('%s answers %d, once', async (name, status) => {
    const { server, submit } = await simulate({ faults: [name] });
    const first = await submit();
    expect(first.status).toBe(status);
    expect(await first.text()).not.toContain('prompt_id');
    expect((await submit()).status).toBe(200);
    expect(server.faults.happened).toEqual([{ name, at: 'submit' }]);
  });

  test('loses the request, or only its answer', async () => {
    const lost = await simulate({ faults: [{ name: 'lose-request', at: 'submit' }] });
    await expect(lost.submit()).rejects.toThrow('fetch failed');
    expect(await lost.fetchJson('/history')).toEqual({});
    const done = await simulate({ faults: [{ name: 'lose-answer', at: 'submit' }] });
    await expect(done.submit()).rejects.toThrow('fetch failed');
    await done.clock.advance(1);
    expect(Object.keys(await done.fetchJson('/history'))).toHaveLength(1);
  });

  test('repeats the request, as a proxy does', async () => {
    const { clock, fetchJson, submit } = await simulate({
      faults: [{ name: 'repeat-request', at: 'submit' }],
      timings: { '*': 60 },
    });
    await submit({ prompt_id: 'twice' });
    const { queue_running, queue_pending } = await fetchJson('/queue');
    expect([...queue_running, ...queue_pending].map(([, id]: unknown[]) => id)).toEqual([
      'twice',
      'twice',
    ]);
    await clock.advance(1);
  });

  test('cuts the answer, on a real connection too', async () => {
    const { server } = await simulate({ faults: [{ name: 'cut-answer', at: 'info' }] });
    const cut = await server.fetch('http://comfyui/object_info');
    await expect(cut.text()).rejects.toThrow();
    const served = await start({ faults: [{ name: 'cut-answer', at: 'info' }] });
    const response = await fetch(`${served.url}/object_info`);
    await expect(response.text()).rejects.toThrow();
  });

  test('delays the answer by the clock', async () => {
    const { clock, submit } = await simulate({ faults: [{ name: 'delay', seconds: 30 }] });
    const answered = submit();
    let isThere = false;
    void answered.then(() => {
      isThere = true;
    });
    await clock.advance(29_999);
    expect(isThere).toBe(false);
    await clock.advance(1);
    expect((await answered).status).toBe(200);
  });

  test('lets as many requests pass as it is told', async () => {
    const { submit } = await simulate({ faults: [{ name: 'server-error', after: 2, times: 2 }] });
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) statuses.push((await submit()).status);
    expect(statuses).toEqual([200, 200, 500, 500, 200]);
  });
});

describe('a restart', () => {
  test.each(['queued', 'running', 'finishing', 'finished'] as const)(
    'when a prompt is %s loses queue and history, but no file',
    async (at) => {
      const { clock, server, fetchJson, submit } = await simulate({
        faults: [{ name: 'restart', at, seconds: 20 }],
        timings: { '*': 10 },
      });
      server.files.write('input', 'kept.png', Buffer.from('kept'));
      await submit({ prompt_id: 'lost' });
      await clock.advance(15_000);
      if (at !== 'queued' && at !== 'running') await clock.advance(6000);
      const isAway = at === 'queued' || at === 'running' ? 15_000 < 20_000 : true;
      if (isAway) await expect(fetchJson('/queue')).rejects.toThrow('fetch failed');
      await clock.advance(20_000);
      expect(await fetchJson('/queue')).toEqual({ queue_running: [], queue_pending: [] });
      expect(await fetchJson('/history')).toEqual({});
      expect(server.files.read('input', 'kept.png')?.toString()).toBe('kept');
      await submit({ prompt_id: 'new' });
      await clock.advance(30_000);
      expect(Object.keys(await fetchJson('/history'))).toEqual(['new']);
    },
  );

  test('closes connections and websockets', async () => {
    const server = await start();
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws?clientId=me`);
    const closed = new Promise((resolve) => socket.addEventListener('close', resolve));
    await new Promise((resolve) => socket.addEventListener('message', resolve));
    server.restart(3600);
    await closed;
    await expect(fetch(`${server.url}/queue`)).rejects.toThrow('fetch failed');
  });
});

describe('a fault of a prompt', () => {
  const end = async (fault: FaultName, seconds = 5) => {
    const { clock, fetchJson, submit } = await simulate({ faults: [{ name: fault, seconds }] });
    const id = randomUUID();
    await submit({ prompt_id: id });
    await clock.advance(1000);
    return { clock, fetchJson, id, entry: (await fetchJson('/history'))[id] };
  };

  test('is an error of a node, or of memory', async () => {
    const failed = (await end('node-error')).entry.status;
    expect(failed.status_str).toBe('error');
    expect(failed.messages.at(-1)[0]).toBe('execution_error');
    const [, data] = (await end('out-of-memory')).entry.status.messages.at(-1);
    expect(data.exception_type).toContain('OutOfMemoryError');
  });

  test('is an interruption by somebody else', async () => {
    const { status } = (await end('interrupt')).entry;
    expect(status.messages.at(-1)[0]).toBe('execution_interrupted');
  });

  test('is an error that is none: the prompt succeeds', async () => {
    expect((await end('blocked-node')).entry.status.status_str).toBe('success');
  });

  test('leaves nothing of it', async () => {
    const { entry, fetchJson } = await end('forget');
    expect(entry).toBeUndefined();
    expect(await fetchJson('/queue')).toEqual({ queue_running: [], queue_pending: [] });
  });

  test('lets it run for ever, until it is interrupted', async () => {
    const { clock, fetchJson, id } = await end('stall');
    await clock.advance(3600_000);
    expect((await fetchJson('/queue')).queue_running).toHaveLength(1);
    await fetchJson('/interrupt', { method: 'POST' }).catch(() => undefined); // no body is answered
    await clock.advance(2000);
    expect((await fetchJson('/history'))[id].status.status_str).toBe('error');
  });

  test('writes the history late', async () => {
    const { clock, entry, fetchJson, id } = await end('late-history', 60);
    expect(entry).toBeUndefined();
    await clock.advance(60_000);
    expect((await fetchJson('/history'))[id].status.status_str).toBe('success');
  });

  test('names outputs outside the folder', async () => {
    const { entry } = await end('escaping-name');
    expect(entry.outputs[2].images[0].filename).toBe('../../../etc/passwd');
  });
});

describe('a fault of a socket', () => {
  const listen = async (fault: FaultName) => {
    const { clock, server, submit } = await simulate({ faults: [fault], timings: { '*': 1 } });
    const heard: string[] = [];
    const calls: string[] = [];
    server.connect('me', {
      send: (frame) => void heard.push(typeof frame === 'string' ? frame : 'bytes'),
      close: () => void calls.push('close'),
      fallSilent: () => void calls.push('fallSilent'),
    });
    await submit({ client_id: 'me' });
    await clock.advance(10_000);
    return { heard, calls };
  };

  test('closes it, or lets it fall silent', async () => {
    expect((await listen('drop-socket')).calls).toEqual(['close']);
    expect((await listen('silent-socket')).calls).toEqual(['fallSilent']);
  });

  test('repeats events, loses them, or sends rubbish', async () => {
    const count = (heard: string[], word: string) =>
      heard.filter((one) => one.includes(word)).length;
    expect(count((await listen('repeat-events')).heard, 'execution_success')).toBe(2);
    expect(count((await listen('lose-events')).heard, 'execution_success')).toBe(0);
    const { heard } = await listen('garbage-event');
    expect(heard).toEqual(expect.arrayContaining(['<html>', 'bytes']));
  });

  test('keeps a silent one open, and answers no ping', async () => {
    const server = await start({ faults: ['silent-socket'], timings: { '*': 0.05 } });
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws?clientId=me`);
    const types: string[] = [];
    socket.addEventListener('message', ({ data }) => types.push(JSON.parse(String(data)).type));
    await until('it is open', () => types.length > 0);
    const body = JSON.stringify({ prompt: graph, prompt_id: 'quiet', client_id: 'me' });
    await fetch(`${server.url}/prompt`, { method: 'POST', body });
    await until('it has run', async () => {
      const response = await fetch(`${server.url}/history/quiet`);
      return 'quiet' in ((await response.json()) as object);
    });
    expect(types).not.toContain('execution_success');
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.close();
  });

  test('refuses it', async () => {
    const server = await start({ faults: ['refuse-socket'] });
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`);
    await new Promise((resolve) => socket.addEventListener('error', resolve));
    expect(server.faults.happened).toEqual([{ name: 'refuse-socket', at: 'connect' }]);
  });
});

describe('a hostile output', () => {
  const fetchOutput = async (fault: FaultName) => {
    const { clock, server, submit } = await simulate({ faults: [fault] });
    await submit();
    await clock.advance(1000);
    return server.fetch('http://comfyui/view?filename=blue_00001_.png');
  };

  test('is a page, nothing, not there, or somewhere else', async () => {
    expect(await (await fetchOutput('html-as-picture')).text()).toContain('<script>');
    expect(await (await fetchOutput('empty-output')).text()).toBe('');
    expect((await fetchOutput('missing-output')).status).toBe(404);
    const { status, headers } = await fetchOutput('redirect-inside');
    expect([status, headers.get('location')]).toEqual([302, expect.stringContaining('169.254')]);
  });

  test('is a small PNG of 3.6 billion pixels', async () => {
    const bytes = Buffer.from(await (await fetchOutput('picture-bomb')).arrayBuffer());
    expect(bytes.length).toBeLessThan(1024 * 1024);
    const { width, height, format } = await sharp(bytes, { limitInputPixels: false }).metadata();
    expect([width, height, format]).toEqual([60_000, 60_000, 'png']);
    // A part of it decodes without an error, so it is a real picture.
    const part = sharp(bytes, { limitInputPixels: false, sequentialRead: true });
    await part.extract({ left: 0, top: 0, width: 8, height: 8 }).raw().toBuffer();
  });

  test('has no end', async () => {
    const response = await fetchOutput('endless-output');
    expect(response.headers.get('content-length')).toBe(String(20 * 1024 ** 3));
    const reader = response.body?.getReader();
    let read = 0;
    for (let n = 0; n < 100; n++) read += (await reader?.read())?.value?.length ?? 0;
    expect(read).toBeGreaterThan(5_000_000);
    await reader?.cancel();
  });
});

describe('faults', () => {
  test('are drawn the same for the same seed, and every one comes up', () => {
    expect(drawFaults(7, 20)).toEqual(drawFaults(7, 20));
    expect(drawFaults(7, 20)).not.toEqual(drawFaults(8, 20));
    const names = new Set(drawFaults(1, 2000).map(({ name }) => name));
    expect([...names].sort()).toEqual(Object.keys(FAULTS).sort());
  });

  test('of 100 seeds leave a server that works once they have happened', async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const { clock, server, fetchJson } = await simulate({
        faults: drawFaults(seed),
        timings: { '*': 1 },
      });
      const send = (path: string, body: object = {}) => {
        const answered = server.fetch(`http://comfyui${path}`, {
          method: 'POST',
          body: JSON.stringify(body),
        });
        return answered.catch(() => undefined); // what the faults are for
      };
      const draw = (color: number): Graph => ({
        ...graph,
        1: { class_type: 'EmptyImage', inputs: { ...graph[1]?.inputs, color } },
      });
      // Each request may be one of those that wait for the clock.
      for (let n = 0; n < 12; n++) {
        void send('/prompt', { prompt: draw(n), prompt_id: `prompt-${n}`, client_id: 'me' });
        void fetchJson('/history').catch(() => undefined);
        await clock.advance(120_000);
        void send('/interrupt'); // of one that is stalled
        await clock.advance(120_000);
      }
      await send('/prompt', { prompt: draw(999), prompt_id: 'last' });
      await clock.advance(60_000);
      const { last } = await fetchJson('/history/last');
      expect(last?.status.status_str, `seed ${seed}`).toBe('success');
      await server.stop();
    }
  });

  test('that do not exist, or not there, are refused', async () => {
    await expect(start({ faults: ['gremlins' as FaultName] })).rejects.toThrow(
      'no fault "gremlins"',
    );
    const misplaced = { name: 'html-as-picture', at: 'submit' } as const;
    await expect(start({ faults: [misplaced] })).rejects.toThrow('possible at view, not at submit');
  });
});

describe('another version', () => {
  test('has no jobs API, or refuses an id that it knows', async () => {
    const old = await simulate({ jobs: false });
    expect((await old.server.fetch('http://comfyui/api/jobs')).status).toBe(404);
    const { submit } = await simulate({ uniqueIds: true });
    expect((await submit({ prompt_id: 'mine' })).status).toBe(400);
    const prompt_id = randomUUID();
    expect((await submit({ prompt_id })).status).toBe(200);
    expect((await submit({ prompt_id })).status).toBe(409);
  });
});
