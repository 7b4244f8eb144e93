import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toStderr } from '../../src/local/log.ts';
import { readSettings } from '../../src/local/settings.ts';
import { startStack } from '../../src/local/stack/stack.ts';
import { until } from './until.ts';

/** A medium as far as whoever uploads one looks at it. */
export interface Medium {
  id: string;
  status: string;
  error?: { code: string; message: string };
  derivatives?: { name: string; status: string }[];
  upload: { url: string; headers: Record<string, string>; parts?: Part[]; partSize?: number };
}

interface Part {
  partNumber: number;
  url: string;
}

/** What is sent as a medium of some kind. */
export interface Sending {
  kind: 'tracks' | 'audios' | 'images' | 'videos';
  fileName: string;
  contentType: string;
  bytes: Uint8Array;
}

/**
 * All that `npm start` runs, on a folder of its own, with somebody who is signed in.
 * @param env for its processes, and from then on for this one
 */
export async function startWholeStack(env: Record<string, string> = {}) {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const dir = await mkdtemp(join(tmpdir(), 'mixdown-stack-'));
  Object.assign(process.env, env);
  const settings = readSettings(root, { ...process.env, DATA_DIR: dir, PORT: '0' }, []);
  const { state, stop } = await startStack(settings, toStderr);
  const account = { email: 'a@example.com', username: 'alice', password: 'correct horse battery' };
  let token = '';
  async function call(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await fetch(state.api + path, {
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(token && { authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (answer.ok) return answer.json();
    throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  }

  const signedIn = async (path: string, body: object) => {
    token = ((await call('POST', path, body)) as { accessToken: string }).accessToken;
  };
  await signedIn('/v1/auth/register', account);
  const project = ((await call('POST', '/v1/projects', { name: 'All' })) as Medium).id;

  return {
    dir,
    /** Of the process that works jobs off. */
    async worker(): Promise<number> {
      return JSON.parse(await readFile(join(dir, 'run', 'worker.json'), 'utf8')).pid;
    },
    /** A token holds for ten minutes. */
    async signsIn(): Promise<void> {
      const { username: login, password } = account;
      await signedIn('/v1/auth/login', { login, password });
    },
    /** Makes a medium and sends its bytes; resolves when S3 has answered. */
    async uploads({ kind, fileName, contentType, bytes }: Sending): Promise<Medium> {
      const file = { name: fileName, project, fileName, contentType, size: bytes.length };
      const medium = (await call('POST', `/v1/${kind}`, file)) as Medium;
      const { url, headers, parts, partSize = 0 } = medium.upload;
      const put = async (to: string, body: Uint8Array, more = {}) => {
        const sent = await fetch(to, { method: 'PUT', body: Buffer.from(body), headers: more });
        if (!sent.ok) throw new Error(`S3 answered ${sent.status}: ${await sent.text()}`);
        return sent.headers.get('etag') ?? '';
      };
      if (!parts) await put(url, bytes, headers);
      else {
        const arrived: { partNumber: number; etag: string }[] = [];
        for (const { partNumber, url: to } of parts) {
          const from = (partNumber - 1) * partSize;
          const etag = await put(to, bytes.subarray(from, from + partSize));
          arrived.push({ partNumber, etag });
        }
        await call('POST', `/v1/${kind}/${medium.id}/upload/complete`, { parts: arrived });
      }
      return medium;
    },
    /** The bytes of all that was made of it. */
    async derivatives({ kind }: Pick<Sending, 'kind'>, medium: Medium): Promise<Buffer[]> {
      const bytes = [];
      for (const { name } of medium.derivatives ?? []) {
        const path = `/v1/${kind}/${medium.id}/derivatives/${name}`;
        const { url } = (await call('GET', path)) as { url: string };
        bytes.push(Buffer.from(await (await fetch(url)).arrayBuffer()));
      }
      return bytes;
    },
    /** Asks for a medium until it is as it should be. */
    async waitsFor(
      { kind }: Pick<Sending, 'kind'>,
      { id }: Medium,
      is: (medium: Medium) => boolean,
      deadline: number,
    ): Promise<Medium> {
      return until(
        `${kind}/${id} is as it should be`,
        async () => {
          const medium = (await call('GET', `/v1/${kind}/${id}`)) as Medium;
          return is(medium) && medium;
        },
        deadline,
      );
    },
    async stop(): Promise<void> {
      await stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Whether nothing more will become of it. */
export const isOver = ({ status }: Medium) => status === 'READY' || status === 'FAILED';
