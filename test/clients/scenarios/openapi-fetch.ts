// The scenario with openapi-fetch on the types of openapi-typescript.
import createClient from 'openapi-fetch';
import type { paths } from '../generated/openapi-typescript.ts';
import { account, equal, given, song } from './given.ts';

const client = createClient<paths>({ baseUrl: given.api });

const signedIn = await client.POST('/v1/auth/register', { body: account('openapi-fetch') });
const token = signedIn.data?.accessToken;
client.use({
  onRequest: ({ request }) => request.headers.set('authorization', `Bearer ${token}`),
});

const project = (await client.POST('/v1/projects', { body: { name: 'First light' } })).data;
if (!project) throw new Error('No project was created.');

for (const name of ['One', 'Two', 'Three']) {
  const body = { project: project.id, name, ...song.declared };
  const { data } = await client.POST('/v1/tracks', { body });
  if (data?.upload?.method !== 'PUT' || name !== 'Three') continue;
  const { url, headers } = data.upload;
  equal((await fetch(url, { method: 'PUT', headers, body: song.bytes })).status, 200);
}

const page = await client.GET('/v1/tracks', {
  params: {
    query: {
      limit: 2,
      include: ['project', 'urls'],
      'status[in]': ['AWAITING_UPLOAD', 'PROCESSING', 'READY'],
    },
  },
});
const next = page.data?.nextCursor;
if (!next) throw new Error('There is no second page.');
const rest = await client.GET('/v1/tracks', {
  params: {
    query: { limit: 2, cursor: next, 'status[in]': ['AWAITING_UPLOAD', 'PROCESSING', 'READY'] },
  },
});
equal([page.data?.data.length, rest.data?.data.length], [2, 1]);
const [first] = page.data?.data ?? [];
if (!first || typeof first.project === 'string') throw new Error('The project was not included.');
equal([first.name, first.project.name], ['Three', 'First light']);

const path = { id: first.id };
let ready = first;
while (ready.status === 'AWAITING_UPLOAD' || ready.status === 'PROCESSING') {
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { data } = await client.GET('/v1/tracks/{id}', { params: { path } });
  if (data) ready = data;
}
equal([ready.status, Math.round(ready.audio?.durationSeconds ?? 0)], ['READY', song.seconds]);

const { response } = await client.GET('/v1/tracks/{id}', { params: { path } });
const header = { 'If-Match': response.headers.get('etag') ?? '' };
const change = { params: { path, header }, body: { name: 'Four' } };
equal((await client.PATCH('/v1/tracks/{id}', change)).data?.name, 'Four');
const stale = await client.PATCH('/v1/tracks/{id}', change);
equal(stale.error?.code, 'PRECONDITION_FAILED');

const missing = await client.GET('/v1/tracks/{id}', { params: { path: { id: given.missing } } });
equal([missing.error?.status, missing.error?.code], [404, 'NOT_FOUND']);
const invalid = await client.POST('/v1/projects', { body: { name: '' } });
equal([invalid.error?.status, invalid.error?.errors?.[0]?.path], [422, 'name']);
console.log('openapi-fetch: passed');
