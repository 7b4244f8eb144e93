import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';

/** What may go wrong with a server, by name. */
export type Fault =
  /** It takes a graph, and closes the connection instead of answering. */
  | 'drop-answer'
  /** It closes the connection of a submission before it has taken anything. */
  | 'drop-request'
  | 'busy-429'
  | 'error-500'
  /** Outputs fail the check, where others pass it. */
  | 'node-errors'
  | 'out-of-memory'
  | 'node-failure'
  /** A run succeeds without a file, as one that was cached whole. */
  | 'cached'
  | 'html-as-png'
  | 'endless'
  | 'redirect'
  | 'cut-file'
  | 'path-traversal'
  | 'empty-file';

interface Prompt {
  id: string;
  number: number;
  graph: Record<string, { class_type: string; inputs: Record<string, unknown> }>;
}

export interface FakeComfyUI {
  url: string;
  /** The prompts that were taken, in order. */
  taken: Prompt[];
  /** The names of the inputs that were uploaded. */
  uploads: string[];
  /** The paths that were called. */
  calls: string[];
  /** So many of the next occasions go wrong so. */
  fail(fault: Fault, times?: number): void;
  /** Whether runs wait until they are released. */
  hold(): void;
  release(): void;
  /** Forgets its queue and its history, as after a restart. */
  restart(): void;
  /** Answers nothing any more; or again. */
  silence(isSilent: boolean): void;
  running(): string[];
  interrupted: string[];
  stop(): Promise<void>;
}

/** Starts a thin server of ComfyUI's protocol: one worker, a queue and a history in memory. */
export async function startComfyUI(): Promise<FakeComfyUI> {
  const faults = new Map<Fault, number>();
  const pending: Prompt[] = [];
  const history = new Map<string, object>();
  const files = new Map<string, Buffer>();
  let running: Prompt | undefined;
  let isHeld = false;
  let isSilent = false;
  let number = 0;
  let generation = 0;

  const happens = (fault: Fault): boolean => {
    const left = faults.get(fault) ?? 0;
    if (left > 0) faults.set(fault, left - 1);
    return left > 0;
  };

  const work = async () => {
    if (running || isHeld) return;
    running = pending.shift();
    if (!running) return;
    const mine = running;
    const born = generation;
    const entry = await execute(mine, happens, files);
    if (born !== generation || running !== mine) return;
    running = undefined;
    history.set(mine.id, entry);
    void work();
  };

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://fake');
    fake.calls.push(`${request.method} ${url.pathname}`);
    if (isSilent) return void request.socket.destroy();
    const body = await readBody(request);
    const json = () => JSON.parse(body.toString('utf8') || '{}');
    const answer = (status: number, value?: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(value === undefined ? '' : JSON.stringify(value));
    };
    const route = `${request.method} ${url.pathname.replace(/^\/history\/.*/, '/history/{id}')}`;
    switch (route) {
      case 'POST /prompt': {
        if (happens('drop-request')) return void request.socket.destroy();
        if (happens('busy-429')) return answer(429, {});
        if (happens('error-500')) return answer(500, {});
        const { prompt, prompt_id: id } = json();
        const unknown = Object.values(prompt as Prompt['graph']).find(
          (node) => !(node.class_type in NODES),
        );
        if (unknown) {
          const error = { type: 'invalid_prompt', message: 'no such node', details: '' };
          return answer(400, { error, node_errors: {} });
        }
        const taken = { id, number: ++number, graph: prompt };
        fake.taken.push(taken);
        pending.push(taken);
        const isPartial = happens('node-errors');
        setImmediate(work);
        if (happens('drop-answer')) return void request.socket.destroy();
        const errors = {
          errors: [{ type: 'value_not_in_list', extra_info: { input_name: 'x' } }],
          dependent_outputs: Object.keys(prompt),
          class_type: 'X',
        };
        return answer(200, { prompt_id: id, number, node_errors: isPartial ? { 9: errors } : {} });
      }
      case 'GET /queue':
        return answer(200, {
          queue_running: running ? [describe(running)] : [],
          queue_pending: pending.map(describe),
        });
      case 'POST /queue': {
        for (const id of json().delete ?? []) {
          const at = pending.findIndex((p) => p.id === id);
          if (at >= 0) pending.splice(at, 1);
        }
        return answer(200);
      }
      case 'POST /interrupt': {
        const { prompt_id: id } = json();
        if (running && (id === undefined || running.id === id)) {
          fake.interrupted.push(running.id);
          history.set(running.id, interruptedEntry(running));
          running = undefined;
          setImmediate(work);
        }
        return answer(200);
      }
      case 'GET /history/{id}': {
        const id = url.pathname.split('/')[2] as string;
        const entry = history.get(id);
        return answer(200, entry ? { [id]: entry } : {});
      }
      case 'GET /system_stats':
        return answer(200, {
          system: { comfyui_version: '0.8.0', ram_free: 8e9 },
          devices: [{ name: 'cuda:0 Fake', vram_total: 24e9, vram_free: 20e9 }],
        });
      case 'GET /object_info':
        return answer(200, NODES);
      case 'POST /upload/image': {
        const text = body.toString('latin1');
        const name = /filename="([^"]+)"/.exec(text)?.[1] as string;
        const subfolder = /name="subfolder"\r\n\r\n([^\r]*)/.exec(text)?.[1] ?? '';
        const begin = text.indexOf('\r\n\r\n', text.indexOf('filename=')) + 4;
        const end = text.lastIndexOf('\r\n--');
        files.set(`input ${subfolder}/${name}`, body.subarray(begin, end));
        fake.uploads.push(name);
        return answer(200, { name, subfolder, type: 'input' });
      }
      case 'GET /view':
        return view(url, request, response, happens, files);
      default:
        return answer(404, { error: 'not found' });
    }
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const fake: FakeComfyUI = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken: [],
    uploads: [],
    calls: [],
    interrupted: [],
    fail: (fault, times = 1) => void faults.set(fault, times),
    hold: () => {
      isHeld = true;
    },
    release: () => {
      isHeld = false;
      void work();
    },
    restart: () => {
      generation++;
      pending.length = 0;
      history.clear();
      running = undefined;
    },
    silence: (silent) => {
      isSilent = silent;
    },
    running: () => (running ? [running.id] : []),
    stop: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
  return fake;
}

const describe = ({ number, id, graph }: Prompt) => [number, id, graph, {}, []];

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

const INT = (value: number, max = 16384) => ['INT', { default: value, min: 0, max }];

const NODES: Record<string, object> = {
  EmptyImage: {
    input: { required: { width: INT(512), height: INT(512), color: INT(0, 0xffffff) } },
    output: ['IMAGE'],
    output_node: false,
  },
  LoadImage: {
    input: { required: { image: [['example.png'], { image_upload: true }] } },
    output: ['IMAGE', 'MASK'],
    output_node: false,
  },
  SaveImage: {
    input: { required: { images: ['IMAGE'], filename_prefix: ['STRING', { default: 'x' }] } },
    output: [],
    output_node: true,
  },
};

/** Draws what a graph of EmptyImage or LoadImage and SaveImage says. */
async function execute(
  { id, graph }: Prompt,
  happens: (fault: Fault) => boolean,
  files: Map<string, Buffer>,
): Promise<object> {
  const start = ['execution_start', { prompt_id: id, timestamp: Date.now() }];
  const fails = (type: string) => ({
    outputs: {},
    status: {
      status_str: 'error',
      completed: false,
      messages: [
        start,
        [
          'execution_error',
          {
            prompt_id: id,
            node_id: '1',
            exception_type: type,
            exception_message: 'no',
            timestamp: Date.now(),
          },
        ],
      ],
    },
  });
  if (happens('out-of-memory')) return fails('torch.cuda.OutOfMemoryError');
  if (happens('node-failure')) return fails('ValueError');
  const outputs: Record<string, object> = {};
  const isCached = happens('cached');
  for (const [node, { class_type, inputs }] of Object.entries(graph)) {
    if (class_type !== 'SaveImage' || isCached) continue;
    const from = graph[(inputs.images as [string, number])[0]];
    const name = `${String(inputs.filename_prefix)}_${id.slice(0, 8)}_.png`;
    const png =
      from?.class_type === 'LoadImage'
        ? (files.get(`input ${String(from.inputs.image)}`) as Buffer)
        : await draw(from?.inputs ?? {});
    const filename = happens('path-traversal') ? `../../../etc/${name}` : name;
    files.set(`output /${filename}`, png);
    outputs[node] = { images: [{ filename, subfolder: '', type: 'output' }] };
  }
  return {
    outputs,
    status: {
      status_str: 'success',
      completed: true,
      messages: [start, ['execution_success', { prompt_id: id, timestamp: Date.now() }]],
    },
  };
}

function interruptedEntry({ id }: Prompt): object {
  const messages = [['execution_interrupted', { prompt_id: id, timestamp: Date.now() }]];
  return { outputs: {}, status: { status_str: 'error', completed: false, messages } };
}

function draw(inputs: Record<string, unknown>): Promise<Buffer> {
  const color = Number(inputs.color ?? 0);
  const background = { r: color >> 16, g: (color >> 8) & 255, b: color & 255 };
  const size = { width: Number(inputs.width ?? 64), height: Number(inputs.height ?? 64) };
  return sharp({ create: { ...size, channels: 3, background } })
    .png()
    .toBuffer();
}

function view(
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
  happens: (fault: Fault) => boolean,
  files: Map<string, Buffer>,
): void {
  const { searchParams: query } = url;
  const found = files.get(
    `${query.get('type')} ${query.get('subfolder')}/${query.get('filename')}`,
  );
  const type = { 'content-type': 'image/png' };
  const send = (bytes: Buffer) => {
    response.writeHead(200, { ...type, 'content-length': bytes.length });
    response.end(bytes);
  };
  if (!found) response.writeHead(404).end();
  else if (happens('html-as-png')) send(Buffer.from('<html><script>alert(1)</script></html>'));
  else if (happens('empty-file')) send(Buffer.alloc(0));
  else if (happens('endless')) {
    response.writeHead(200, { ...type, 'content-length': 20e9 });
    response.write(found);
  } else if (happens('redirect')) {
    response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
  } else if (happens('cut-file')) {
    response.writeHead(200, { ...type, 'content-length': found.length });
    response.write(found.subarray(0, 20), () => request.socket.destroy());
  } else send(found);
}
