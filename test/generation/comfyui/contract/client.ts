import { randomUUID } from 'node:crypto';
import { until } from '../../../harness/until.ts';
import { url } from './server.ts';

/** An event of the server. */
export interface Event {
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the contract is about
  data: any;
}

/** Connects to the websocket as a client, and keeps what it receives. */
export async function connect(id: string = randomUUID()) {
  const events: Event[] = [];
  const frames: Buffer[] = [];
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws?clientId=${id}`);
  socket.binaryType = 'arraybuffer';
  socket.onmessage = ({ data }) => {
    if (typeof data === 'string') events.push(JSON.parse(data));
    else frames.push(Buffer.from(data as ArrayBuffer));
  };
  await until('the socket is open', async () => events.length > 0);
  return {
    id,
    events,
    frames,
    send: (message: unknown) => socket.send(JSON.stringify(message)),
    /** The events of a prompt, in order. */
    of: (prompt: string) => events.filter(({ data }) => data.prompt_id === prompt),
    /** Waits for an event. */
    waitFor: (what: string, test: (event: Event) => boolean) =>
      until(what, async () => events.find(test)),
    /** Waits until the worker has done with a prompt. */
    end: (prompt: string) =>
      until(`${prompt} has ended`, async () =>
        events.find(
          ({ type, data }) =>
            type === 'executing' && data.node === null && data.prompt_id === prompt,
        ),
      ),
    close: () => socket.close(),
  };
}
