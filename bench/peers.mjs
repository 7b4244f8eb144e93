// Our backend as the peer benchmark takes it: `node bench.mjs --targets raw,parse,…/bench/peers.mjs`, in that
// benchmark's folder and on Node 24. It runs all of `npm start`: gateway, worker, S3, queue.
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import jwt from 'jsonwebtoken';
import { loadSecrets } from '../src/local/secrets.ts';

const ofTheirs = (file) => import(pathToFileURL(resolve(file)).href);
const { plain } = await ofTheirs('adapters/_plain.mjs');
const { SIZE, counts } = await ofTheirs('dataset.mjs');

const DATA_DIR = mkdtempSync(join(tmpdir(), 'mixdown-peers-'));
const secrets = loadSecrets(DATA_DIR);
const limits = { CALLS_PER_MINUTE: '1000000000' };
let filling;

/** What fills the database reads the environment when imported. */
async function fill(MONGODB_URI) {
  Object.assign(process.env, { MONGODB_URI, MEDIA_BUCKET: 'none', ...secrets });
  return import('./fill.ts');
}

/** Their track in the words of ours, about as long. */
function inOurWords({ title, prompt, genre, mood, bpm, durationMs }) {
  const file = { fileName: `${bpm}.wav`, contentType: 'audio/wav', size: durationMs };
  return { name: title, lyrics: prompt, genre, artist: mood, trackNumber: bpm, ...file };
}

const id = (kind, n) => filling.idText(kind, n);

export default plain({
  name: 'mixdown',
  db: 'bench_mixdown',
  start: ({ port, mongoUri }) => {
    filling = fill(mongoUri);
    return {
      cmd: process.execPath,
      args: ['scripts/start.ts'],
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { PORT: String(port), HOST: '127.0.0.1', DATA_DIR, MONGODB_URI: mongoUri, ...limits },
    };
  },
  seed: async () => {
    const { empty, fill } = await filling;
    await empty();
    await fill(SIZE);
  },
  login: async ({ u }) => {
    filling = await filling;
    return { authorization: `Bearer ${dayLongToken(id('user', u), id('session', u))}` };
  },
  cleanup: async () => {
    const { clearInboxes, disconnect } = await filling;
    await clearInboxes(Array.from({ length: counts.users }, (_, u) => counts.projects + u));
    await disconnect(); // nobody tells us when it is over, and a connection would keep it from ending
  },
  createTrack: (p, body) => ({
    method: 'POST',
    path: '/v1/tracks',
    body: { ...inOurWords(body), project: id('project', p) },
  }),
  getTrack: (t) => ({ method: 'GET', path: `/v1/tracks/${id('track', t)}` }),
  listTracks: (p, n) => ({
    method: 'GET',
    path: `/v1/tracks?project=${id('project', p)}&limit=${n}`,
  }),
  projectFull: (p) => ({
    method: 'GET',
    path: `/v1/projects/${id('project', p)}?include=user,tracks`,
  }),
  patchTrack: (t, { title, bpm, tags }) => ({
    method: 'PATCH',
    path: `/v1/tracks/${id('track', t)}`,
    body: { name: title, trackNumber: bpm, genre: tags.join(' ') },
  }),
  countList: ({ data }) => data.length,
  countFull: ({ user, tracks }) => (user.email ? tracks.length : -1),
});

/** They sign in once, for runs that last longer than our tokens. */
function dayLongToken(user, sid) {
  const [jwk] = JSON.parse(secrets.TOKEN_KEYS);
  return jwt.sign({ sid }, createPrivateKey({ key: jwk, format: 'jwk' }), {
    algorithm: 'ES256',
    header: { alg: 'ES256', typ: 'at+jwt', kid: jwk.kid },
    issuer: 'mixdown',
    audience: 'mixdown-api',
    subject: user,
    expiresIn: '1d',
  });
}
