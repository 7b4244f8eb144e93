import { newId, UUID } from '../../src/data/ids.ts';
import { User } from '../../src/models/account/user.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { checkAnswer } from './answers.ts';
import { PASSWORD } from './known-password.ts';
import { api, isServed } from './place.ts';
import { until } from './until.ts';

export { PASSWORD };

type Json = Record<string, unknown>;

/** An answer: `body` is what its JSON says, typed by the test that knows. */
export interface Answer<T = Json> {
  status: number;
  headers: Headers;
  body: T;
  text: string;
}

/** What the tests look at in any document. */
export interface Doc extends Json {
  id: string;
  status: string;
}

interface Options {
  token?: string | undefined;
  body?: unknown;
  /** Sent as it is, instead of JSON. */
  raw?: string;
  headers?: Record<string, string>;
}

/** One HTTP call of this file's API; its answer is as documented. */
export async function call<T = Json>(
  method: string,
  path: string,
  { token, body, raw, headers }: Options = {},
): Promise<Answer<T>> {
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(api + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(sent !== undefined && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(sent !== undefined && { body: sent }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const parsed = isJson && text ? JSON.parse(text) : {};
  const contentType = (response.headers.get('content-type') ?? '').split(';')[0] as string;
  await checkAnswer(method, path, { status: response.status, contentType, body: parsed });
  return { status: response.status, headers: response.headers, body: parsed as T, text };
}

/** Somebody signed in. */
export class Person {
  readonly id: string;
  readonly email: string;
  readonly username: string;
  token: string;
  refreshToken: string;

  constructor(signedIn: SignedIn) {
    this.id = signedIn.user.id;
    this.email = signedIn.user.email;
    this.username = signedIn.user.username;
    this.token = signedIn.accessToken;
    this.refreshToken = signedIn.refreshToken;
  }

  call<T = Doc>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) {
    return call<T>(method, path, { token: this.token, body, headers });
  }

  get<T = Doc>(path: string, headers?: Record<string, string>) {
    return this.call<T>('GET', path, undefined, headers);
  }

  post<T = Doc>(path: string, body?: unknown, headers?: Record<string, string>) {
    return this.call<T>('POST', path, body, headers);
  }

  patch<T = Doc>(path: string, body: unknown, headers?: Record<string, string>) {
    return this.call<T>('PATCH', path, body, headers);
  }

  delete(path: string, headers?: Record<string, string>) {
    return this.call('DELETE', path, undefined, headers);
  }

  /** The same person on another device. */
  async signsIn(password = PASSWORD): Promise<Person> {
    const login = { login: this.email, password };
    const { status, body, text } = await call<SignedIn>('POST', '/v1/auth/login', { body: login });
    if (status !== 200) throw new Error(`Nobody signed in: ${status} ${text}`);
    return new Person(body);
  }

  /** Spends the refresh token; a new pair takes its place. */
  async refreshes(refreshToken = this.refreshToken): Promise<Answer<SignedIn>> {
    const body = { refreshToken };
    const answer = await call<SignedIn>('POST', '/v1/auth/refresh', { body });
    if (answer.status === 200) {
      this.token = answer.body.accessToken;
      this.refreshToken = answer.body.refreshToken;
    }
    return answer;
  }

  /** A project of theirs. */
  async project(values: Json = {}): Promise<Doc> {
    return created(await this.post('/v1/projects', { name: 'A project', ...values }));
  }

  /** A track that awaits its bytes. */
  async track(values: Json = {}): Promise<Track> {
    const project = values.project ?? (await this.project()).id;
    return this.medium('tracks', { name: 'Song', ...values, project });
  }

  /** A medium of any kind that awaits its bytes, of no project unless said otherwise. */
  async medium(kind: MediaKind, values: Json = {}): Promise<Track> {
    const file = { name: 'Something', size: 1000, ...FILES[kind] };
    return created(await this.post<Track>(`/v1/${kind}`, { ...file, ...values }));
  }

  /** A medium, a track unless said otherwise, whose bytes have been sent; S3 tells of them by itself. */
  async uploads(bytes: Uint8Array, values: Json = {}, kind: MediaKind = 'tracks'): Promise<Track> {
    const declared = { size: bytes.length, ...values };
    const made = await (kind === 'tracks' ? this.track(declared) : this.medium(kind, declared));
    const sent = await send(made.upload, bytes);
    if (sent.status !== 200) throw new Error(`S3 answered ${sent.status}: ${await sent.text()}`);
    return made;
  }

  /** What a medium is once it has reached a status. @throws Error when it reaches another end */
  waitsFor(
    made: Doc,
    status: string,
    deadline?: number,
    kind: MediaKind = 'tracks',
  ): Promise<Track> {
    let seen: Doc = made;
    return until(
      () => `it is ${status}, but it was ${JSON.stringify(seen)}`,
      async () => {
        const { body } = await this.get<Track>(`/v1/${kind}/${made.id}`);
        seen = body;
        if (body.status === status) return body;
        if (body.status === 'READY' || body.status === 'FAILED') {
          throw new Error(`It is ${body.status}: ${JSON.stringify(body.error)}`);
        }
        return undefined;
      },
      deadline,
    );
  }
}

export type MediaKind = 'tracks' | 'audios' | 'images' | 'videos';

/** A file of each kind, as it may be declared. */
const FILES: Record<MediaKind, Json> = {
  tracks: { fileName: 'song.mp3', contentType: 'audio/mpeg' },
  audios: { fileName: 'voice.mp3', contentType: 'audio/mpeg' },
  images: { fileName: 'cover.png', contentType: 'image/png' },
  videos: { fileName: 'clip.mp4', contentType: 'video/mp4' },
};

export interface Upload {
  method: string;
  url: string;
  headers: Record<string, string>;
  expiresAt: string;
}

export interface Track extends Doc {
  upload: Upload;
  error?: { code: string; message: string };
  derivatives?: {
    name: string;
    contentType: string;
    status: string;
    size: number;
    width?: number;
  }[];
  audio?: { durationSeconds: number };
  analysis?: Json;
}

interface SignedIn {
  user: { id: string; email: string; username: string };
  accessToken: string;
  refreshToken: string;
}

/** Sends bytes to S3 with exactly the headers that the upload names. */
export function send(
  upload: Upload,
  bytes: Uint8Array,
  headers = upload.headers,
): Promise<Response> {
  return fetch(upload.url, { method: upload.method, headers, body: Buffer.from(bytes) });
}

async function user(values: Json = {}): Promise<Person> {
  const name = `u${newId(Date.now()).toHexString().replaceAll('-', '').slice(-20)}`;
  const account = { email: `${name}@example.com`, username: name, password: PASSWORD, ...values };
  const answer = await call<SignedIn>('POST', '/v1/auth/register', { body: account });
  if (!isServed()) await dropMails();
  return new Person(created(answer));
}

/** Where a test runs jobs by itself, the first to be run is not the mail to a new account. */
async function dropMails(): Promise<void> {
  await Job.collection.deleteMany({ type: 'send-mail', status: 'QUEUED' });
}

async function admin(): Promise<Person> {
  const person = await user();
  const who = { _id: new UUID(person.id) };
  await User.collection.updateOne(who, { $set: { isAdmin: true } });
  const signedIn = await person.signsIn();
  if (!isServed()) await dropMails();
  return signedIn;
}

/** Makes what a test starts from; each is its own. */
export const given = { user, admin };

function created<T>({ status, body, text }: Answer<T>): T {
  if (status !== 201) throw new Error(`It was not made: ${status} ${text}`);
  return body;
}
