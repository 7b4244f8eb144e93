import type { Happening } from './faults.ts';
import type { Json } from './graph.ts';
import type { Host, Life } from './host.ts';
import type { Item, Message } from './queue.ts';

/** What a running prompt tells its client, and what of it the history keeps. */
export interface Events {
  readonly client: string | undefined;
  readonly messages: Message[];
  /** An event of the prompt that the history keeps. @param toAll also where no client asked for it */
  note(type: string, data: Json, toAll?: boolean): void;
  /** An event that only the client gets. */
  tell(type: string, data: Json): void;
  /** How far the prompt is: without a client, all are told, as ComfyUI does. */
  tellProgress(type: string, data: Json): void;
  /** A preview; without a client, all get it. */
  tellBytes(frame: Uint8Array): void;
  /** Lets something go wrong with the client's socket. */
  disturb(fault: Happening): void;
}

export function createEvents({ settings }: Host, life: Life, { extra, id }: Item): Events {
  const client = typeof extra.client_id === 'string' ? extra.client_id : undefined;
  const messages: Message[] = [];
  let copies = 1;

  function tell(type: string, data: Json): void {
    if (client !== undefined) tellProgress(type, data);
  }

  function tellProgress(type: string, data: Json): void {
    if (life.isOver) return;
    for (let n = 0; n < copies; n++) life.sockets.send(type, data, client);
  }

  return {
    client,
    messages,
    tellProgress,
    note(type, data, toAll = false) {
      const message = { prompt_id: id, ...data, timestamp: settings.clock.now() };
      messages.push([type, message]);
      if (client !== undefined) tell(type, message);
      else if (toAll) life.sockets.send(type, message);
    },
    tell,
    tellBytes(frame) {
      if (life.isOver) return;
      for (let n = 0; n < copies; n++) life.sockets.sendBytes(frame, client);
    },
    disturb({ name }) {
      const socket = life.sockets.find(client);
      if (name === 'repeat-events') copies = 2;
      if (name === 'lose-events') copies = 0;
      if (name === 'drop-socket') socket?.close();
      if (name === 'silent-socket') socket?.fallSilent();
      if (name === 'garbage-event') {
        socket?.send('<html>');
        socket?.send(Buffer.from([0, 0, 0, 99, 1, 2, 3]));
      }
    },
  };
}
