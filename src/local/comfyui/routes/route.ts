import type { Host } from '../host.ts';

/** What a route is given. */
export interface Call {
  host: Host;
  request: Request;
  url: URL;
  /** The part of the path that `{…}` stands for. */
  name: string;
}

/** A route by its method and path, which may end with `/{name}`. */
export type Routes = Record<string, (call: Call) => Response | Promise<Response>>;

/** Answers with JSON. */
export function answer(body: unknown, status = 200): Response {
  return Response.json(body, { status });
}

/** Answers without a body, as ComfyUI does for most of what it refuses. */
export function answerEmpty(status = 200): Response {
  return new Response(null, { status });
}

/** Reads a JSON body. What is none is a 500 in ComfyUI, too. */
export async function readJson(request: Request): Promise<Record<string, unknown>> {
  return (await request.json()) as Record<string, unknown>;
}
