// The scenario with the client that @hey-api/openapi-ts generates.

import { client } from '../generated/hey-api/client.gen.ts';
import * as api from '../generated/hey-api/index.ts';
import { account, equal, given, song } from './given.ts';

client.setConfig({ baseUrl: given.api });
const signedIn = await api.register({ body: account('hey-api') });
client.setConfig({ baseUrl: given.api, auth: () => signedIn.data?.accessToken ?? '' });

const { data: project } = await api.createProject({ body: { name: 'First light' } });
if (!project) throw new Error('No project was created.');

for (const name of ['One', 'Two', 'Three']) {
  const body = { project: project.id, name, ...song.declared };
  const { data } = await api.createTrack({ body });
  if (data?.upload?.method !== 'PUT' || name !== 'Three') continue;
  const { url, headers } = data.upload;
  equal((await fetch(url, { method: 'PUT', headers, body: song.bytes })).status, 200);
}

const page = await api.listTracks({ query: { limit: 2, include: ['project', 'urls'] } });
const next = page.data?.nextCursor;
if (!next) throw new Error('There is no second page.');
const rest = await api.listTracks({ query: { limit: 2, cursor: next } });
equal([page.data?.data.length, rest.data?.data.length], [2, 1]);
const [first] = page.data?.data ?? [];
if (!first || typeof first.project === 'string') throw new Error('The project was not included.');
equal([first.name, first.project.name], ['Three', 'First light']);

const path = { id: first.id };
let ready = first;
while (ready.status === 'AWAITING_UPLOAD' || ready.status === 'PROCESSING') {
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { data } = await api.getTrack({ path });
  if (data) ready = data;
}
equal([ready.status, Math.round(ready.audio?.durationSeconds ?? 0)], ['READY', song.seconds]);

const { response } = await api.getTrack({ path });
const headers = { 'If-Match': response?.headers.get('etag') ?? '' };
const change = { path, headers, body: { name: 'Four' } };
equal((await api.updateTrack(change)).data?.name, 'Four');
equal((await api.updateTrack(change)).error?.code, 'PRECONDITION_FAILED');

const missing = await api.getTrack({ path: { id: given.missing } });
equal([missing.error?.status, missing.error?.code], [404, 'NOT_FOUND']);
const invalid = await api.createProject({ body: { name: '' } });
equal([invalid.error?.status, invalid.error?.code], [422, 'VALIDATION_FAILED']);
console.log('hey-api: passed');
