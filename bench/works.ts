import { inboxOf, type Size, trackBody, trackPatch } from './dataset.ts';
import type { Sent } from './load.ts';
import type { Target } from './target.ts';

type Json = Record<string, unknown>;

/** One kind of request, and how its answer is known to be right. */
export interface Work {
  name: string;
  title: string;
  request(target: Target, size: Size, n: number): Omit<Sent, 'headers'> & { user: number };
  status: number;
  isRight(answer: Json, size: Size): boolean;
}

/** How many users the requests come from. */
const SENDERS = 10;

/** What is measured. */
export const WORKS: Work[] = [
  {
    name: 'W1',
    title: 'create a track',
    request: ({ id }, size, n) => {
      const user = sender(size, n);
      const project = id('project', inboxOf(size, user));
      const body = JSON.stringify({ ...trackBody(n), project });
      return { user, method: 'POST', path: '/v1/tracks', body };
    },
    status: 201,
    isRight: (track) => track.status !== 'READY' && typeof track.lyrics === 'string',
  },
  {
    name: 'W2',
    title: 'one track',
    request: ({ id }, size, n) => {
      const { user, track } = place(size, n);
      return { user, method: 'GET', path: `/v1/tracks/${id('track', track)}` };
    },
    status: 200,
    isRight: (track) => track.status === 'READY' && isWhole(track),
  },
  {
    name: 'W3',
    title: 'the 20 newest tracks of a project',
    request: ({ id }, size, n) => {
      const { user, project } = place(size, n);
      const query = `project=${id('project', project)}&limit=20`;
      return { user, method: 'GET', path: `/v1/tracks?${query}` };
    },
    status: 200,
    isRight: ({ data }, { tracks }) =>
      Array.isArray(data) && data.length === Math.min(20, tracks) && data.every(isWhole),
  },
  {
    name: 'W4',
    title: 'a project with its user and its 100 tracks',
    request: ({ id }, size, n) => {
      const { user, project } = place(size, n);
      return {
        user,
        method: 'GET',
        path: `/v1/projects/${id('project', project)}?include=user,tracks`,
      };
    },
    status: 200,
    isRight: ({ user, tracks }, size) =>
      Array.isArray(tracks) &&
      tracks.length === Math.min(100, size.tracks) &&
      tracks.every(isWhole) &&
      String((user as Json).email).endsWith('@example.com'),
  },
  {
    name: 'W5',
    title: 'patch a track',
    request: ({ id }, size, n) => {
      const { user, track } = place(size, n);
      const body = JSON.stringify(trackPatch(n));
      return { user, method: 'PATCH', path: `/v1/tracks/${id('track', track)}`, body };
    },
    status: 200,
    isRight: (track) => String(track.name).startsWith('Changed') && isWhole(track),
  },
];

/** A list of requests of one work for one server, each signed in. */
export function requestsOf(work: Work, target: Target, size: Size, count: number): Sent[] {
  const signedIn = Array.from({ length: Math.min(SENDERS, size.users) }, (_, user) =>
    target.signedIn(user),
  );
  return Array.from({ length: count }, (_, n) => {
    const { user, ...sent } = work.request(target, size, n);
    const type = sent.body === undefined ? undefined : { 'content-type': 'application/json' };
    return { ...sent, headers: { ...signedIn[user], ...type } };
  });
}

function sender(size: Size, n: number): number {
  return n % Math.min(SENDERS, size.users);
}

/** A track of the sender's, scattered over all of theirs. */
function place(size: Size, n: number): { user: number; project: number; track: number } {
  const user = sender(size, n);
  const own = size.projects * size.tracks;
  const track = user * own + ((n * 2_654_435_761) % own);
  return { user, project: Math.floor(track / size.tracks), track };
}

function isWhole(track: Json): boolean {
  const { audio, analysis, derivatives } = track as Record<string, { length?: number }>;
  return Boolean(audio && analysis && derivatives?.length === 1);
}
