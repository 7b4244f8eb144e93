import {
  ForbiddenAddress,
  type GuardedRequest,
  requestGuarded,
} from '../../providers/guarded-request.ts';
import { findUrlFault, isReachable, type Reach } from './endpoint-url.ts';

/** How long one attempt may take, from resolving the name to the end of what is read of the answer, in ms. */
const DEADLINE = 15_000;
/** How long the body of an answer is waited for, once its status is there, in ms. */
const BODY_DEADLINE = 2000;
/** How much of an answer is read, in bytes. */
const MOST_READ = 4096;

/** What became of one attempt. Without a status there was no answer, and `error` says why. */
export interface Outcome {
  status?: number;
  /** The beginning of the body. */
  body?: string;
  /** Seconds after which the receiver wants to be asked again. */
  retryAfter?: number;
  /** For the owner of the endpoint. */
  error?: string;
  /** There was no connection, so this says nothing of the message. */
  isUnreached?: boolean;
  /** How long it took, in ms. */
  took: number;
}

interface Message {
  url: string;
  headers: Record<string, string>;
  body: string;
}

interface Options extends Reach {
  signal: AbortSignal;
  /** In ms, where it is not `DEADLINE`. */
  deadline?: number;
  /** Resolves a name to all of its addresses; that of the system unless said otherwise. */
  lookup?: GuardedRequest['lookup'];
}

/**
 * Sends one POST to a URL that a user gave, and to no host but one of the public internet, whatever its name
 * resolves to. Redirects are not followed. No failure throws.
 */
export async function post(message: Message, options: Options): Promise<Outcome> {
  const began = performance.now();
  const signal = AbortSignal.any([
    options.signal,
    AbortSignal.timeout(options.deadline ?? DEADLINE),
  ]);
  const finish = (outcome: Omit<Outcome, 'took'>): Outcome => ({
    ...outcome,
    took: Math.round(performance.now() - began),
  });
  const fault = findUrlFault(message.url, options);
  if (fault) return finish({ error: `The URL ${fault}.`, isUnreached: true });
  let isUnreached = true;
  const onConnect = () => {
    isUnreached = false;
  };
  try {
    return finish(await exchange(message, { ...options, signal }, onConnect));
  } catch (error) {
    return finish({ error: describeFailure(error, signal), ...(isUnreached && { isUnreached }) });
  }
}

async function exchange(
  { url, headers, body }: Message,
  { signal, lookup, ...reach }: Options,
  onConnect: () => void,
): Promise<Omit<Outcome, 'took'>> {
  const isAllowed = (address: string) => isReachable(address, reach);
  const request = { url: new URL(url), method: 'POST', headers, body, signal, isAllowed };
  const response = await requestGuarded({ ...request, ...(lookup && { lookup }) }, onConnect);
  const { statusCode: status = 0, headers: received } = response;
  const found = await readBeginning(response);
  response.destroy();
  const wait = readRetryAfter(received['retry-after']);
  return { status, body: found, ...(wait !== undefined && { retryAfter: wait }) };
}

/** The beginning of a body. What breaks off or takes too long is as much as has come: the status counts. */
async function readBeginning(response: NodeJS.ReadableStream): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  await new Promise<void>((end) => {
    const timer = setTimeout(end, BODY_DEADLINE);
    const stop = () => {
      clearTimeout(timer);
      end();
    };
    response.on('data', (part: Buffer) => {
      parts.push(part);
      length += part.length;
      if (length >= MOST_READ) stop();
    });
    for (const name of ['end', 'error', 'close']) response.once(name, stop);
  });
  const bytes = Buffer.concat(parts).subarray(0, MOST_READ);
  return bytes.toString('utf8').replaceAll('\0', '').toWellFormed();
}

function readRetryAfter(value: string | undefined): number | undefined {
  if (!value) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - Date.now()) / 1000));
}

const MESSAGES: Record<string, string> = {
  ECONNREFUSED: 'The connection was refused.',
  ECONNRESET: 'The connection broke off.',
  ENOTFOUND: 'The name of the host does not resolve.',
  EAI_AGAIN: 'The name of the host does not resolve at the moment.',
  HPE_HEADER_OVERFLOW: 'The headers of the answer are too long.',
};

/** What went wrong, without what tells of our own network. */
function describeFailure(error: unknown, signal: AbortSignal): string {
  if (error instanceof ForbiddenAddress) return 'Its address is not on the public internet.';
  if (signal.aborted) return 'There was no answer in time.';
  const { code = '' } = error as NodeJS.ErrnoException;
  if (/CERT|TLS|SSL|VERIFY|SELF_SIGNED|ALTNAME/.test(code)) {
    return 'The certificate of the host is not valid, or TLS failed.';
  }
  if (code.startsWith('HPE_')) return MESSAGES[code] ?? 'The answer is not HTTP.';
  return MESSAGES[code] ?? 'The connection failed.';
}
