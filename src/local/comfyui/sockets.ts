import type { Json } from './graph.ts';

/** The connection of a client to its websocket, as the server sees it. */
export interface Socket {
  send(frame: string | Uint8Array): void;
  close(): void;
  /** Stays open, but neither sends nor reads any more. */
  fallSilent(): void;
}

/** The clients that are connected, by their `clientId`. */
export interface Sockets {
  /** Connects a client; a former socket of the same client receives nothing any more. */
  add(id: string, socket: Socket): void;
  remove(id: string, socket: Socket): void;
  find(id: string | undefined): Socket | undefined;
  /** Whether the client asked for previews with metadata. */
  supportsMetadata(id: string | undefined): boolean;
  setFeatures(id: string, features: Json): void;
  /** Sends an event to one client, or to all. */
  send(type: string, data: Json, to?: string): void;
  sendBytes(frame: Uint8Array, to?: string): void;
  closeAll(): void;
}

export function createSockets(): Sockets {
  const sockets = new Map<string, Socket>();
  const features = new Map<string, Json>();

  function deliver(frame: string | Uint8Array, to?: string): void {
    if (to === undefined) for (const socket of sockets.values()) socket.send(frame);
    else sockets.get(to)?.send(frame);
  }

  return {
    add(id, socket) {
      sockets.set(id, socket);
      features.delete(id);
    },
    remove(id, socket) {
      if (sockets.get(id) !== socket) return;
      sockets.delete(id);
      features.delete(id);
    },
    find: (id) => (id === undefined ? undefined : sockets.get(id)),
    supportsMetadata: (id) =>
      id !== undefined && features.get(id)?.supports_preview_metadata === true,
    setFeatures: (id, flags) => void features.set(id, flags),
    send: (type, data, to) => deliver(JSON.stringify({ type, data }), to),
    sendBytes: deliver,
    closeAll() {
      for (const socket of sockets.values()) socket.close();
      sockets.clear();
    },
  };
}

/** Frames a preview as ComfyUI does: an event number, what follows, and the picture. */
export function framePreview(picture: Uint8Array, mime: 'image/jpeg' | 'image/png', meta?: Json) {
  if (!meta) return Buffer.concat([uint32(1), uint32(mime === 'image/jpeg' ? 1 : 2), picture]);
  const json = Buffer.from(JSON.stringify({ ...meta, image_type: mime }));
  return Buffer.concat([uint32(4), uint32(json.length), json, picture]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
