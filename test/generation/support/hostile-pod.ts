import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What is hostile about a pod; of the rest it behaves. */
export interface Malice {
  /** The names under which it says that its outputs are. */
  files?: { filename: string; subfolder?: string }[];
  /** What it sends in place of a file. */
  view?: RequestListener;
  /** The answer to a prompt, to the request for a history, and to any other one. */
  submit?: (prompt: string, id: string) => Answer;
  history?: (prompt: string, id: string) => unknown;
}

/** A status, and what is sent as JSON, or as it is. */
type Answer = [status: number, body: unknown];

export interface HostilePod {
  url: string;
  /** The bytes that it could send. */
  sent(): number;
  stop(): Promise<void>;
}

/** Starts what says that it is a ComfyUI, has run each prompt at once, and has the outputs that it likes. */
export async function startHostilePod(malice: Malice): Promise<HostilePod> {
  let sent = 0;
  let prompt = '';
  let id = '';
  const files = malice.files ?? [{ filename: 'picture.png' }];
  const images = files.map(({ filename, subfolder = '' }) => ({
    filename,
    subfolder,
    type: 'output',
  }));
  const ended = () => ({
    outputs: { 2: { images } },
    status: { status_str: 'success', completed: true, messages: [] },
  });
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://pod');
    if (pathname === '/view' && malice.view) return malice.view(request, response);
    if (pathname === '/prompt') {
      prompt = await text(request);
      id = JSON.parse(prompt).prompt_id;
      return say(
        response,
        malice.submit?.(prompt, id) ?? [200, { prompt_id: id, node_errors: {} }],
      );
    }
    if (pathname.startsWith('/history/')) {
      return say(response, [200, { [id]: malice.history?.(prompt, id) ?? ended() }]);
    }
    const idle = { queue_running: [], queue_pending: [], system: {}, devices: [] };
    say(response, [200, idle]);
  });
  server.on('connection', (socket) => {
    socket.on('error', () => undefined); // whoever has heard enough hangs up
    socket.on('close', () => {
      sent += socket.bytesWritten;
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    sent: () => sent,
    stop: async () => {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}

function say(response: ServerResponse<IncomingMessage>, [status, body]: Answer): void {
  response.statusCode = status;
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Sends so many bytes, as fast as they are taken, after a beginning. */
export function pour(response: ServerResponse, bytes: number, head: Buffer): void {
  const chunk = Buffer.alloc(64 * 1024);
  let left = bytes - head.length;
  response.write(head);
  const go = () => {
    while (left > 0 && !response.destroyed) {
      left -= chunk.length;
      if (!response.write(chunk)) return response.once('drain', go);
    }
    return response.end();
  };
  go();
}
