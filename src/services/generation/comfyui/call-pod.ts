import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { config } from '../../../config.ts';
import type { UUID } from '../../../data/ids.ts';
import { isReachable } from '../../../models/generation/comfyui/pod-address.ts';
import { requestGuarded } from '../../../providers/guarded-request.ts';
import { type JsonLimits, startGauge } from './json-gauge.ts';

/** A pod, as far as calls need it. */
export interface PodAddress {
  _id: UUID;
  baseUrl: string;
  isPrivate: boolean;
}

/** How long a call may take, in ms: less than a lease, so that nobody else has the job meanwhile. */
const DEADLINE = 15_000;
/** How much is read of a JSON answer, unless said otherwise: those of queue and history repeat whole graphs. */
const MOST_JSON: JsonLimits = { bytes: 16 * 1024 * 1024, values: 1_000_000 };

/** A pod did not do what was asked of it: whether it heard, and what it said. */
export class PodFailure extends Error {
  override readonly name = 'PodFailure';
  /** Whether the request may have reached it: then what was asked may have been done. */
  readonly mayHaveHeard: boolean;
  readonly status: number | undefined;
  constructor(message: string, mayHaveHeard: boolean, status?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.mayHaveHeard = mayHaveHeard;
    this.status = status;
  }
}

export interface PodCall {
  method?: 'GET' | 'POST';
  /** With its query: `/history/1`. */
  path: string;
  json?: unknown;
  body?: { stream: Readable; length: number; contentType: string };
  signal: AbortSignal;
  /** In ms. */
  deadline?: number;
  /** The statuses that are answers, beside 200. */
  answers?: readonly number[];
  /** How much JSON is read of its answer. */
  most?: JsonLimits;
}

/** Calls a pod, and answers with the status and the JSON of its answer. @throws PodFailure */
export async function callPod(
  pod: PodAddress,
  call: PodCall,
): Promise<{ status: number; body: unknown }> {
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(call.deadline ?? DEADLINE)]);
  const response = await openPod(pod, { ...call, signal });
  const status = response.statusCode ?? 0;
  const text = await readBody(response, call.most ?? MOST_JSON, signal);
  if (!text) return { status, body: undefined };
  try {
    return { status, body: JSON.parse(text) };
  } catch (cause) {
    if (status !== 200) return { status, body: undefined };
    throw new PodFailure('The pod answered with something that is not JSON.', true, status, cause);
  }
}

/** Calls a pod, and answers with the response, whose body nobody has read yet. @throws PodFailure */
export async function openPod(pod: PodAddress, call: PodCall): Promise<IncomingMessage> {
  const { method = 'GET', path, json, body, signal, answers = [] } = call;
  let isSent = false;
  const text = json === undefined ? undefined : JSON.stringify(json);
  const reach = { toPrivate: pod.isPrivate, toLoopback: config.stage === 'local' };
  try {
    const response = await requestGuarded(
      {
        url: new URL(pod.baseUrl.replace(/\/$/, '') + path),
        method,
        headers: {
          accept: '*/*',
          ...(text !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(text),
          }),
          ...(body && { 'content-type': body.contentType, 'content-length': body.length }),
        },
        ...(text !== undefined ? { body: text } : body && { body: body.stream }),
        signal,
        isAllowed: (address) => isReachable(address, reach),
      },
      () => {
        isSent = true;
      },
    );
    const status = response.statusCode ?? 0;
    if (status === 200 || answers.includes(status)) return response;
    response.destroy();
    // What it understood and refused, it has not done; an error of its own, or of a proxy, tells nothing.
    throw new PodFailure(`The pod answered ${status}.`, status >= 500, status);
  } catch (error) {
    if (error instanceof PodFailure) throw error;
    throw new PodFailure('The pod cannot be reached.', isSent, undefined, error);
  }
}

async function readBody(
  response: IncomingMessage,
  most: JsonLimits,
  signal: AbortSignal,
): Promise<string> {
  const parts: Buffer[] = [];
  const measure = startGauge(most);
  const stop = () => response.destroy(new Error('There was no answer in time.'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      measure(part);
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  } catch (cause) {
    throw new PodFailure('The answer of the pod broke off.', true, response.statusCode, cause);
  } finally {
    signal.removeEventListener('abort', stop);
    response.destroy();
  }
}
