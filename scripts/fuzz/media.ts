import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { toStderr } from '../../src/local/log.ts';
import { ffmpeg } from '../../src/local/tools/ffmpeg.ts';
import { find } from '../../src/local/tools/find.ts';
import { Problem } from '../demo/problem.ts';
import type { Account } from './account.ts';

/** One file of each kind of medium, synthesised by ffmpeg. */
const SOUND = ['-i', 'sine=440:duration=1', '-c:a', 'pcm_s16le'];
const PICTURE = 'testsrc2=size=160x90:rate=25:duration=1';
const KINDS = [
  { entity: 'Track', path: 'tracks', fileName: 'a.wav', contentType: 'audio/wav', made: SOUND },
  { entity: 'Audio', path: 'audios', fileName: 'b.wav', contentType: 'audio/wav', made: SOUND },
  {
    ...{ entity: 'Image', path: 'images', fileName: 'c.png', contentType: 'image/png' },
    made: ['-i', PICTURE, '-frames:v', '1'],
  },
  {
    ...{ entity: 'Video', path: 'videos', fileName: 'd.mp4', contentType: 'video/mp4' },
    made: ['-i', PICTURE, '-c:v', 'libx264', '-pix_fmt', 'yuv420p'],
  },
];
const COPIES = 6;
const DEADLINE = 120_000;

interface Medium {
  id: string;
  status: string;
  upload: { url: string; headers: Record<string, string> };
}

/**
 * Uploads media of every kind and waits until they are READY, since most of their operations
 * require that. Replaces one of each kind and deletes one, so that there are versions and trashed
 * media.
 * @returns the ids of the media that are not in the trash, by entity
 */
export async function uploadMedia(
  api: string,
  account: Account,
  dir: string,
): Promise<Map<string, string[]>> {
  const program = await find(ffmpeg, toStderr);
  const { id: project } = await call<Medium>('POST', '/v1/projects', { name: 'Media' });
  const ids = new Map<string, string[]>();
  for (const { entity, path, made, ...file } of KINDS) {
    const out = join(dir, file.fileName);
    await promisify(execFile)(program, ['-v', 'error', '-y', '-f', 'lavfi', ...made, out]);
    const bytes = await readFile(out);
    const described = { ...file, size: bytes.length };
    const send = async (to: string, more = {}) => {
      const medium = await call<Medium>('POST', to, { ...described, ...more });
      const { url, headers } = medium.upload;
      const sent = await fetch(url, { method: 'PUT', headers, body: bytes });
      if (!sent.ok) throw new Problem(`S3 answered ${sent.status} to ${file.fileName}.`);
      return medium.id;
    };
    const all: string[] = [];
    for (let copy = 0; copy <= COPIES; copy++) {
      all.push(await send(`/v1/${path}`, { project, name: `${entity} ${copy}` }));
    }
    for (const id of all) await waitUntilReady(`/v1/${path}/${id}`);
    const [trashed, ...rest] = all;
    await call('DELETE', `/v1/${path}/${trashed}`);
    await waitUntilReady(`/v1/versions/${await send(`/v1/${path}/${rest[0]}/replace`)}`);
    ids.set(entity, rest);
  }
  return ids;

  async function waitUntilReady(path: string): Promise<void> {
    const until = Date.now() + DEADLINE;
    for (;;) {
      const { status } = await call<Medium>('GET', path);
      if (status === 'READY') return;
      if (status === 'FAILED' || Date.now() > until) throw new Problem(`${path} is ${status}.`);
      await setTimeout(200);
    }
  }

  async function call<T>(method: string, path: string, body?: object): Promise<T> {
    const type = body && { 'content-type': 'application/json' };
    const headers = { authorization: `Bearer ${await account.token()}`, ...type };
    const sent = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const answer = await fetch(api + path, sent);
    const text = await answer.text();
    if (!answer.ok) throw new Problem(`${method} ${path} answered ${answer.status}: ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }
}
