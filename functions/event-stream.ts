import { serveEventStream } from '../src/api/stream/serve-stream.ts';

/** Server-Sent Events, at a function URL of its own: an HTTP API cannot stream. */
export const handler = serveEventStream();
