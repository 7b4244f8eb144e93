import { randomUUID } from 'node:crypto';
import { isObject } from './graph.ts';
import { countQueue, type Host } from './host.ts';
import { listFeatures } from './routes/info.ts';
import type { Socket } from './sockets.ts';

/** A client that is connected. */
export interface Connection {
  /** Takes a text frame of the client. */
  receive(text: string): void;
  /** The client is gone. */
  end(): void;
}

/** Connects a client to the websocket, and tells it what it is told at first (server.py, `/ws`). */
export function connectClient(host: Host, clientId: string, socket: Socket): Connection {
  const { life } = host;
  const id = clientId || randomUUID().replaceAll('-', '');
  life.sockets.add(id, socket);
  life.sockets.send('status', { status: countQueue(life), sid: id }, id);
  // Without the id of the prompt, as ComfyUI does.
  if (life.client === id && life.node !== undefined) {
    life.sockets.send('executing', { node: life.node }, id);
  }
  let isFirst = true;
  return {
    receive(text) {
      const message: unknown = parse(text);
      if (isFirst && isObject(message) && message.type === 'feature_flags') {
        life.sockets.setFeatures(id, isObject(message.data) ? message.data : {});
        life.sockets.send('feature_flags', listFeatures(host), id);
      }
      isFirst = false;
    },
    end: () => life.sockets.remove(id, socket),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // ComfyUI logs a warning and goes on
    throw error;
  }
}
