import { findInbox, makeTrackBody, makeTrackPatch, type Size } from './dataset.ts';
import type { Sent } from './load.ts';
import type { Target } from './target.ts';

type Json = Record<string, unknown>;

/** A kind of request, and how its response is checked. */
export interface Work {
  name: string;
  title: string;
  request(target: Target, size: Size, n: number): Omit<Sent, 'headers'> & { user: number };
  status: number;
  isRight(answer: Json, size: Size): boolean;
}

/** How many users send the requests. */
const SENDERS = 10;

/** The works that are measured. */
export const WORKS: Work[] = [
  {
    name: 'W1',
    title: 'create a track',
    request: ({ id }, size, n) => {
      const user = chooseSender(size, n);
      const project = id('project', findInbox(size, user));
      const body = JSON.stringify({ ...makeTrackBody(n), project });
      return { user, method: 'POST', path: '/v1/tracks', body };
    },
    status: 201,
    isRight: (track) => track.status !== 'READY' && typeof track.lyrics === 'string',
  },
  {
    name: 'W2',
    title: 'one track',
    request: ({ id }, size, n) => {
      const { user, track } = chooseTrack(size, n);
      return { user, method: 'GET', path: `/v1/tracks/${id('track', track)}` };
    },
    status: 200,
    isRight: (track) => track.status === 'READY' && hasAllFacts(track),
  },
  {
    name: 'W3',
    title: 'the 20 newest tracks of a project',
    request: ({ id }, size, n) => {
      const { user, project } = chooseTrack(size, n);
      const query = `project=${id('project', project)}&limit=20`;
      return { user, method: 'GET', path: `/v1/tracks?${query}` };
    },
    status: 200,
    isRight: ({ data }, { tracks }) =>
      Array.isArray(data) && data.length === Math.min(20, tracks) && data.every(hasAllFacts),
  },
  {
    name: 'W4',
    title: 'a project with its user and its 100 tracks',
    request: ({ id }, size, n) => {
      const { user, project } = chooseTrack(size, n);
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
      tracks.every(hasAllFacts) &&
      String((user as Json).email).endsWith('@example.com'),
  },
  {
    name: 'W5',
    title: 'patch a track',
    request: ({ id }, size, n) => {
      const { user, track } = chooseTrack(size, n);
      const body = JSON.stringify(makeTrackPatch(n));
      return { user, method: 'PATCH', path: `/v1/tracks/${id('track', track)}`, body };
    },
    status: 200,
    isRight: (track) => String(track.name).startsWith('Changed') && hasAllFacts(track),
  },
];

/** Makes authenticated requests of one work for one server. */
export function makeRequests(work: Work, target: Target, size: Size, count: number): Sent[] {
  const signedIn = Array.from({ length: Math.min(SENDERS, size.users) }, (_, user) =>
    target.signedIn(user),
  );
  return Array.from({ length: count }, (_, n) => {
    const { user, ...sent } = work.request(target, size, n);
    const type = sent.body === undefined ? undefined : { 'content-type': 'application/json' };
    return { ...sent, headers: { ...signedIn[user], ...type } };
  });
}

function chooseSender(size: Size, n: number): number {
  return n % Math.min(SENDERS, size.users);
}

/** Chooses one of the sender's tracks; successive choices are spread over all of them. */
function chooseTrack(size: Size, n: number): { user: number; project: number; track: number } {
  const user = chooseSender(size, n);
  const own = size.projects * size.tracks;
  const track = user * own + ((n * 2_654_435_761) % own);
  return { user, project: Math.floor(track / size.tracks), track };
}

function hasAllFacts(track: Json): boolean {
  const { audio, analysis, derivatives } = track as Record<string, { length?: number }>;
  return Boolean(audio && analysis && derivatives?.length === 1);
}
