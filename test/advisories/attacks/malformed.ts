import '../support/seen.ts';
import { connect } from 'node:net';
import fc from 'fast-check';
import { expect } from 'vitest';
import { formatAttachment } from '../../../src/providers/s3-links.ts';
import { cpuTimeOf, longestTurnOf } from '../../harness/cpu-time.ts';
import { call, given, send } from '../../harness/given.ts';
import { api } from '../../harness/place.ts';
import { invokeHttp } from '../support/events.ts';
import {
  bodyFor,
  chance,
  inParallel,
  inputsOf,
  type Json,
  owner,
  pathOf,
  routes,
  type Scale,
} from '../support/world.ts';

const NAMES = [
  ...['', ' ', '.', '..', '...', '/', '\\', 'noextension', '.mp3', 'a.', 'a..mp3', 'a.mp3.exe'],
  ...['con', 'nul.mp3', 'a\u0000.mp3', 'a\r\nX: y.mp3', 'a\u202e3pm.exe', '\ufeffa.mp3', '\ud800'],
  ...[
    '"a".mp3',
    "a';.mp3",
    'a;b=c.mp3',
    '%00',
    '%2e%2e%2f',
    'a%0d%0aSet-Cookie: x=1',
    '~',
    '*?<>|',
  ],
  ...[
    '🎵'.repeat(127),
    '\u0301'.repeat(255),
    '\ufb2c'.repeat(255),
    'x'.repeat(255),
    'x'.repeat(256),
  ],
  ...[
    'ｆｕｌｌ＂ｗｉｄｅ',
    '／ａ＼b/c\\d℀.mp3',
    'a\u2028b',
    'a\u0085b',
    '$(id).mp3',
    '`id`.mp3',
    '{{7*7}}',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of somebody else's engine
    '${7*7}',
    '<svg>',
  ],
];

const SIZES = [0, -1, 1.5, 1e9, 1e9 + 1, 2 ** 53, 1e308, '10', null, true, [], {}, '1e3', -0];

/** Names, sizes, types and checksums as nobody sane would send them. */
export async function malformedFiles({ full = false }: Scale = {}): Promise<void> {
  const mine = await owner();
  const { seed } = chance();
  const file = { name: 'T', project: mine.project.id, contentType: 'audio/mpeg', size: 10 };
  const wrong: string[] = [];
  const fine: string[] = [];
  const attempt = async (values: Json) => {
    const body = { fileName: 'a.mp3', ...file, ...values };
    const { status, body: json, text } = await mine.person.post('/v1/tracks', body);
    if (status === 201) {
      const path = `media/${mine.person.id}/tracks/${json.id}/original`;
      if (json.filePath !== path || !text.includes(`${path}?X-Amz-`)) wrong.push(text);
      if (values.fileName !== undefined) fine.push(json.fileName as string);
    } else if (status !== 422 && !(status === 501 && (values.size as number) > 2 ** 26)) {
      wrong.push(`${JSON.stringify(values)} → ${status}`);
    }
  };
  const random = fc.sample(
    fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'grapheme' })),
    { numRuns: full ? 500 : 60, seed },
  );
  await inParallel([...NAMES, ...random], (fileName) => attempt({ fileName }));
  await inParallel(SIZES, (size) => attempt({ size }));
  const types = [
    '',
    'text/html',
    'audio/mpeg; x=y',
    'AUDIO/MPEG',
    'audio/mpeg\r\nX: y',
    'image/svg+xml',
  ];
  await inParallel([...types, null, {}], (contentType) => attempt({ contentType }));
  const sums = [
    '',
    'x',
    '='.repeat(44),
    `${'A'.repeat(43)}=`,
    `${'A'.repeat(43)}=\n`,
    'A'.repeat(1e5),
  ];
  await inParallel(sums, (checksum) => attempt({ checksum }));
  expect(wrong).toEqual([]);
  // A name that was taken is safe in the header that it ends up in.
  for (const name of fine) {
    const form = /^attachment; filename="[ !#$&-.0-[\]-~]*"; filename\*=UTF-8''[\w!#$&+.^`|~%-]*$/;
    const header = formatAttachment(name);
    expect(header).toMatch(form);
    // No client may take it for a path.
    expect(decodeURIComponent(header.split("''")[1] as string)).not.toMatch(/[\\/]/);
  }
  expect(fine.length).toBeGreaterThan(20);
}

/** What a file is fetched and sent by takes what is signed and no more. */
export async function malformedTransfers(): Promise<void> {
  const alice = await given.user();
  const track = await alice.track({ size: 5 });
  const bytes = Buffer.from('12345');
  const headers = { ...track.upload.headers };
  const longer = { ...headers, 'content-length': '6' };
  expect((await send(track.upload, Buffer.from('123456'), longer)).status).toBe(403);
  const html = { ...headers, 'content-type': 'text/html' };
  expect((await send(track.upload, bytes, html)).status).toBe(403);
  expect((await alice.get(`/v1/tracks/${track.id}/file`)).status).toBe(409);
  expect((await send(track.upload, bytes)).status).toBe(200);
  const ranges = ['bytes=', 'bytes=-', 'bytes=9-1', 'bytes=0-99999999999999999999', 'lines=1-2'];
  await alice.waitsFor(track, 'FAILED');
  const { body } = await alice.get<{ url: string }>(`/v1/tracks/${track.id}/file`);
  for (const range of [...ranges, `bytes=${'0-0,'.repeat(500)}0-0`, '\u00ff']) {
    expect((await alice.get(`/v1/tracks/${track.id}`, { range })).status).toBe(200);
    const answer = await fetch(body.url, { headers: { range } });
    expect(answer.status, range).toBeLessThan(500);
    await answer.arrayBuffer();
  }
}

/** Requests as no client library would send them, byte by byte. */
export async function malformedRequests({ full = false }: Scale = {}): Promise<void> {
  const alice = await given.user();
  const auth = `Authorization: Bearer ${alice.token}\r\n`;
  const host = 'Host: localhost\r\n';
  const close = 'Connection: close\r\n';
  const post = (headers: string, body: string) =>
    `POST /v1/projects HTTP/1.1\r\n${host}${auth}${close}${headers}\r\n${body}`;
  const json = 'Content-Type: application/json\r\n';
  const length = (n: string | number) => `Content-Length: ${n}\r\n`;
  const paths = [
    '/%',
    '/%zz',
    '/%00',
    '/%c0%af',
    '//',
    '/v1//projects',
    '/v1/projects/',
    '/..',
    '*',
  ];
  const more = [
    '/v1/projects/%2e%2e',
    '/v1/projects?%',
    '/v1/projects?a=%zz',
    '/v1/projects?=&&=',
    '?',
  ];
  const long = [
    `/${'a'.repeat(9000)}`,
    `/${'a/'.repeat(4000)}`,
    `/v1/projects?${'a=1&'.repeat(2000)}`,
  ];
  const texts = [
    ...[...paths, ...more, ...long].map((p) => `GET ${p} HTTP/1.1\r\n${host}${auth}${close}\r\n`),
    post(json + length(2), '{}'),
    post(json + length(-1), '{}'),
    post(json + length('0x10'), '{}'),
    post(json + length('1, 2'), '{}'),
    post(json + length(1) + length(2), '{}'),
    post(`${json}Transfer-Encoding: chunked\r\n`, 'zz\r\n{}\r\n0\r\n\r\n'),
    post(`${json}Transfer-Encoding: chunked\r\n${length(5)}`, '0\r\n\r\n'),
    post(`${json}Transfer-Encoding: gzip\r\n${length(2)}`, '{}'),
    post(`${json}Content-Encoding: gzip\r\n${length(2)}`, '\x1f\x8b'),
    post(`Content-Type: \r\n${length(2)}`, '{}'),
    post(`Content-Type: application/json; charset=utf-16\r\n${length(4)}`, '{\0}\0'),
    post(`Content-Type: multipart/form-data; boundary=\r\n${length(2)}`, '--'),
    post(`__proto__: x\r\nconstructor: y\r\n${json}${length(4)}`, 'null'),
    post(json + length(3), '\xff\xfe{'),
    post(`${json}Expect: 100-continue\r\n${length(2)}`, '{}'),
    post(`${json}Idempotency-Key: ${'k'.repeat(300)}\r\n${length(2)}`, '{}'),
    post(`${json}Idempotency-Key:\r\n${length(2)}`, '{}'),
    post(`${json}X-Request-Id: a b\t<x>\r\n${length(2)}`, '{}'),
    `TRACE /v1/projects HTTP/1.1\r\n${host}${close}\r\n`,
    `CONNECT example.com:443 HTTP/1.1\r\n${host}${close}\r\n`,
    `PROPFIND / HTTP/1.1\r\n${host}${close}\r\n`,
    `GET http://evil.example/v1/projects HTTP/1.1\r\n${host}${auth}${close}\r\n`,
    `GET / HTTP/9.9\r\n${host}\r\n`,
    `GET /v1/projects HTTP/1.1\r\n${auth}${close}\r\n`,
    'GET\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01',
    `GET / HTTP/1.1\r\n${host}X: ${'a'.repeat(20_000)}\r\n\r\n`,
  ];
  const random = chance();
  for (let n = 0; n < (full ? 400 : 40); n++) {
    // One byte of a good request is another.
    const bytes = Buffer.from(post(json + length(13), '{"name":"abc"}'), 'latin1');
    bytes[random.below(bytes.length)] = random.below(256);
    texts.push(bytes.toString('latin1'));
  }
  const wrong: string[] = [];
  let answered = 0;
  await inParallel(texts, async (text) => {
    const status = await raw(text);
    if (status !== undefined) answered++;
    if (status !== undefined && status >= 500)
      wrong.push(`${JSON.stringify(text.slice(0, 120))} → ${status}`);
  });
  expect(wrong).toEqual([]);
  expect(answered).toBeGreaterThan(texts.length / 2);
  expect((await alice.get('/v1/users/me')).status).toBe(200);
}

/** The status of what the server answers to these very bytes; undefined when it closes the connection. */
function raw(text: string): Promise<number | undefined> {
  const { hostname, port } = new URL(api);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let answer = '';
    const end = () => {
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1];
      resolve(status === undefined ? undefined : Number(status));
      socket.destroy();
    };
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (!answer.startsWith('HTTP/1.1 100')) end();
    });
    socket.on('close', end);
    socket.on('error', end);
    socket.setTimeout(400, end); // it waits for more: that is an answer too
    socket.write(Buffer.from(text, 'latin1'));
  });
}

const LENGTH = 64 * 1024;

/** Texts that make a careless regular expression try for ever. */
function adversarial(): string[] {
  const fill = (unit: string, end = '!') => unit.repeat(Math.ceil(LENGTH / unit.length)) + end;
  return [
    fill('a'),
    fill(' ', 'x'),
    fill('\t', 'x'),
    fill('a-', '!'),
    fill('-'),
    fill('.'),
    fill(','),
    fill('"', ''),
    fill('W/"1-', '"'),
    fill('a@', '!'),
    `a@${fill('a', '!')}`,
    `a@${fill('a.', '!')}`,
    `a@${fill('a-a.', '-')}`,
    fill('<!---->', '!'),
    fill('[[', ''),
    fill('%', ''),
    fill('\u0130', ''),
    fill('\ufb2c', ''),
    fill('\ud83d\ude00', ''),
    fill('\ufdfa', ''),
    fill('1', 'x'),
    fill('a.b.', ''),
    `${fill('a', '')}.${'b'.repeat(9)}.c`,
    `Bearer ${fill('a.', '')}`,
    `application/json${fill(' ', 'x')}`,
  ];
}

/** 64 kB in each header, each field and each parameter: the process goes on. */
export async function noStall({ full = false }: Scale = {}): Promise<void> {
  const mine = await owner();
  const authorization = `Bearer ${mine.person.token}`;
  const texts = adversarial();
  const wrong: string[] = [];
  const timed = async (what: string, work: () => Promise<unknown>) => {
    const ms = await cpuTimeOf(work);
    if (ms > 1000) wrong.push(`${what}: ${ms.toFixed(0)} ms`);
  };
  const names = ['authorization', 'content-type', 'if-match', 'if-none-match', 'idempotency-key'];
  const headers = [...names, 'x-request-id', 'origin', 'user-agent', 'cookie', 'accept'];
  const path = `/v1/projects/${mine.project.id}`;
  const worst = await longestTurnOf(async () => {
    for (const header of headers) {
      for (const text of texts) {
        const method =
          header === 'if-none-match' ? 'GET' : header === 'idempotency-key' ? 'POST' : 'PATCH';
        const event = { headers: { authorization, [header]: text }, body: '{"name":"x"}' };
        const at = method === 'POST' ? '/v1/projects' : path;
        await timed(`${header} ${text.slice(0, 9)}`, () => invokeHttp(method, at, event));
      }
    }
    // Those who are not signed in first of all.
    const open = routes.filter(
      (r) => r.body && (full || r.access === 'anyone' || r.id === 'createTrack'),
    );
    for (const route of open) {
      for (const name of Object.keys(inputsOf(route))) {
        for (const text of texts) {
          const body = { ...bodyFor(route, mine), [name]: text };
          const what = `${route.id}.${name} ${text.slice(0, 9)}`;
          const at = pathOf(route, mine.ids);
          await timed(what, () => call(route.method, at, { token: mine.person.token, body }));
        }
      }
    }
    const asked = [
      'sort',
      'fields',
      'include',
      'cursor',
      'limit',
      'name[gt]',
      'status[in]',
      'createdAt[gte]',
    ];
    for (const name of asked) {
      for (const text of texts) {
        const query = `${name}=${encodeURIComponent(text.toWellFormed())}`;
        const event = { headers: { authorization }, query };
        await timed(`?${name} ${text.slice(0, 9)}`, () => invokeHttp('GET', '/v1/projects', event));
      }
    }
  });
  expect(wrong).toEqual([]);
  expect(worst).toBeLessThan(500);
}

const PATHS = [
  ...['/etc/passwd', '../../../../etc/passwd', '..\\..\\windows\\win.ini', 'file:///etc/passwd'],
  ...[
    'file:/etc/passwd',
    'concat:/etc/passwd|/etc/hosts',
    'pipe:0',
    'subfile:,,start,0,end,9,:/etc/passwd',
  ],
  ...[
    '-i',
    '-version',
    '--help',
    '-f',
    'http://127.0.0.1:1/',
    'data:text/plain,x',
    's3://bucket/key',
  ],
  ...[
    'media/x/original',
    '\\\\server\\share',
    'crypto+file:/etc/passwd',
    '/proc/self/environ',
    'lavfi',
  ],
];

/** A path where a medium is meant: no id, so refused; as a file's name, a name and nothing else. */
export async function pathsAreNoMedia(): Promise<void> {
  const mine = await owner();
  const wrong: string[] = [];
  for (const path of PATHS) {
    const file = { name: path, fileName: path, contentType: 'audio/mpeg', size: 10 };
    const project = mine.project.id;
    const asName = await mine.person.post('/v1/tracks', { ...file, project });
    if (asName.status !== 201) wrong.push(`as a name ${path} → ${asName.status}`);
    const key = `media/${mine.person.id}/tracks/${asName.body.id}/original`;
    if (asName.body.filePath !== key) wrong.push(`${path} became ${String(asName.body.filePath)}`);
    for (const body of [
      { ...file, project: path },
      { ...file, project, filePath: path },
      { ...file, project, generatedBy: path },
      { ...file, project, derivativesPath: path },
      { ...file, project, object: { etag: path } },
      { ...file, project, contentType: path },
    ]) {
      const { status } = await mine.person.post('/v1/tracks', body);
      if (status !== 422) wrong.push(`${JSON.stringify(body)} → ${status}`);
    }
    const asJob = { type: 'process-track', input: { path, entity: 'Track', document: path } };
    const { status } = await mine.person.post('/v1/jobs', asJob);
    if (status !== 422) wrong.push(`a job of ${path} → ${status}`);
    const it = encodeURIComponent(path);
    for (const asked of [`/v1/tracks/${it}`, `/v1/tracks/${mine.track.id}/derivatives/${it}`]) {
      const { status } = await mine.person.get(asked);
      if (status !== 404) wrong.push(`${asked} → ${status}`);
    }
    for (const query of [`include=${it}`, `project=${it}`, `fields=${it}`]) {
      const { status } = await mine.person.get(`/v1/tracks?${query}`);
      if (status !== 400) wrong.push(`${query} → ${status}`);
    }
  }
  expect(wrong).toEqual([]);
}
