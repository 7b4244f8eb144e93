import { beforeAll, describe, expect, test } from 'vitest';
import { corsHeaders } from '../../src/api/http/cors.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { api } from '../harness/place.ts';

let alice: Person;

beforeAll(async () => {
  alice = await given.user();
});

type Page = { data: Doc[] };
const ask = (path: string, headers: Record<string, string> = {}) =>
  fetch(api + path, { headers, redirect: 'manual' });

const refusal = async (answer: Response) => [answer.status, ((await answer.json()) as Doc).detail];

describe('what is easily mistaken is said', () => {
  test('a token without "Bearer" is told how a token is sent', async () => {
    const answer = await ask('/v1/projects', { authorization: alice.token });
    expect(await refusal(answer)).toEqual([
      401,
      'Sign in, and send the access token as "Authorization: Bearer …".',
    ]);
  });

  test('a path without /v1 is told where the API begins', async () => {
    const answer = await ask('/projects');
    expect(await refusal(answer)).toEqual([404, expect.stringContaining('/v1')]);
  });

  test('an If-Match without quotation marks is told of them', async () => {
    const { id } = await alice.project();
    const path = `/v1/projects/${id}`;
    const headers = { 'if-match': '1' };
    for (const { status, body } of [
      await alice.patch<Doc>(path, { name: 'New' }, headers),
      await alice.delete(path, headers),
    ]) {
      expect([status, body.detail]).toEqual([412, expect.stringContaining('quotation marks')]);
    }
  });

  test('a derivative of a file that was not uploaded is a conflict, one that no medium has is missing', async () => {
    const { id } = await alice.medium('images');
    const path = `/v1/images/${id}`;
    for (const name of ['file', 'derivatives/preview', 'derivatives/spriteMap']) {
      expect((await alice.get(`${path}/${name}`)).status, name).toBe(409);
    }
    expect((await alice.get(`${path}/derivatives/__proto__`)).status).toBe(404);
  });

  test('the root leads to the reference', async () => {
    const answer = await ask('/');
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/docs']);
  });
});

describe('what is meant is understood', () => {
  test('values of enums may be in lower case, in bodies and in queries', async () => {
    const { id: project } = await alice.project();
    await alice.track({ project });
    const filters = ['status=awaiting_upload', 'status[in]=ready,Awaiting_Upload'];
    for (const filter of filters) {
      const { body } = await alice.get<Page>(`/v1/tracks?project=${project}&${filter}`);
      expect(body.data.length, filter).toBe(1);
    }
    const voice = { name: 'A voice', fileName: 'a.mp3', contentType: 'audio/mpeg', size: 9 };
    const { status, body } = await alice.post<Doc>('/v1/audios', { ...voice, kind: 'voice' });
    expect([status, body.kind]).toEqual([201, 'VOICE']);
    for (const wish of ['REUSE', 'reuse', 'Upload']) {
      const path = `/v1/audios?onDuplicate=${wish}`;
      expect((await alice.post(path, { ...voice, kind: 'VOICE' })).status, wish).toBe(201);
    }
  });

  test('a list may be repeated or separated by commas, and nothing else may be given twice', async () => {
    const { id } = await alice.project();
    const one = await alice.get(`/v1/projects/${id}?fields=name&fields=status`);
    const two = await alice.get(`/v1/projects/${id}?fields=name,status`);
    expect(one.body).toEqual(two.body);
    expect(Object.keys(one.body as object).sort()).toEqual(['id', 'name', 'status']);
    const some = await alice.get<Page>('/v1/projects?status[in]=DRAFT&status[in]=ACTIVE');
    expect(some.body.data.map((p) => p.id)).toContain(id);
    const twice = await alice.get('/v1/projects?limit=1&limit=2');
    expect([twice.status, twice.text]).toEqual([400, expect.stringContaining('is given twice')]);
  });

  test('a page of any port of localhost may call in development, one of another host may not', () => {
    const allowed = (origin: string) => 'access-control-allow-origin' in corsHeaders(origin);
    for (const origin of [
      'http://localhost:1',
      'http://localhost:65535',
      'http://127.0.0.1:3000',
    ]) {
      expect(allowed(origin), origin).toBe(true);
    }
    for (const origin of [
      'http://localhost.example.com:80',
      'https://localhost:80',
      'http://localhost:80.example.com',
      'http://localhost:*',
      'http://example.com:3000',
      'null',
    ]) {
      expect(allowed(origin), origin).toBe(false);
    }
  });
});
