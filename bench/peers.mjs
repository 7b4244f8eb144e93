// An adapter of our backend for the peer benchmark: `node bench.mjs --targets
// raw,parse,…/bench/peers.mjs`, in that benchmark's folder, on Node 24. It runs all of `npm start`:
// gateway, worker, S3, queue.
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import jwt from 'jsonwebtoken';
import { loadSecrets } from '../src/local/secrets.ts';

const importTheirs = (file) => import(pathToFileURL(resolve(file)).href);
const { plain } = await importTheirs('adapters/_plain.mjs');
const { SIZE, counts } = await importTheirs('dataset.mjs');

const DATA_DIR = mkdtempSync(join(tmpdir(), 'mixdown-peers-'));
const secrets = loadSecrets(DATA_DIR);
const limits = { CALLS_PER_MINUTE: '1000000000' };
let filling;

/** Imports what fills the database, which reads the environment when it is imported. */
async function importFill(MONGODB_URI) {
  Object.assign(process.env, { MONGODB_URI, MEDIA_BUCKET: 'none', ...secrets });
  return import('./fill.ts');
}

/** Translates a track of the benchmark into the fields of ours, of about the same length. */
function translateTrack({ title, prompt, genre, mood, bpm, durationMs }) {
  const file = { fileName: `${bpm}.wav`, contentType: 'audio/wav', size: durationMs };
  return { name: title, lyrics: prompt, genre, artist: mood, trackNumber: bpm, ...file };
}

const formatId = (kind, n) => filling.formatId(kind, n);

export default plain({
  name: 'mixdown',
  db: 'bench_mixdown',
  start: ({ port, mongoUri }) => {
    filling = importFill(mongoUri);
    return {
      cmd: process.execPath,
      args: ['scripts/start.ts'],
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { PORT: String(port), HOST: '127.0.0.1', DATA_DIR, MONGODB_URI: mongoUri, ...limits },
    };
  },
  seed: async () => {
    const { deleteAll, fill } = await filling;
    await deleteAll();
    await fill(SIZE);
  },
  login: async ({ u }) => {
    filling = await filling;
    return {
      authorization: `Bearer ${signDayLongToken(formatId('user', u), formatId('session', u))}`,
    };
  },
  cleanup: async () => {
    const { clearInboxes, disconnect } = await filling;
    await clearInboxes(Array.from({ length: counts.users }, (_, u) => counts.projects + u));
    await disconnect(); // an open connection would keep the benchmark from ending
  },
  createTrack: (p, body) => ({
    method: 'POST',
    path: '/v1/tracks',
    body: { ...translateTrack(body), project: formatId('project', p) },
  }),
  getTrack: (t) => ({ method: 'GET', path: `/v1/tracks/${formatId('track', t)}` }),
  listTracks: (p, n) => ({
    method: 'GET',
    path: `/v1/tracks?project=${formatId('project', p)}&limit=${n}`,
  }),
  projectFull: (p) => ({
    method: 'GET',
    path: `/v1/projects/${formatId('project', p)}?include=user,tracks`,
  }),
  patchTrack: (t, { title, bpm, tags }) => ({
    method: 'PATCH',
    path: `/v1/tracks/${formatId('track', t)}`,
    body: { name: title, trackNumber: bpm, genre: tags.join(' ') },
  }),
  countList: ({ data }) => data.length,
  countFull: ({ user, tracks }) => (user.email ? tracks.length : -1),
});

/**
 * Signs a token that is valid for a day: the benchmark signs in once, and runs longer than our
 * tokens last.
 */
function signDayLongToken(user, sid) {
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
