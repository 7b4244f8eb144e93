/** The size of the data set: users, projects of each user, tracks of each project. */
export interface Size {
  users: number;
  projects: number;
  tracks: number;
}

/** Makes the id of the n-th document of a kind; each server has its own type of ids. */
export type IdOf<Id> = (kind: 'user' | 'project' | 'track' | 'session', n: number) => Id;

type Values = Record<string, unknown>;

/**
 * Makes the documents, which are the same for every server but for their ids. After the projects
 * that are read, each user has an empty one, the inbox, where tracks are created.
 */
export function makeDocuments<Id>(size: Size, id: IdOf<Id>) {
  const read = size.users * size.projects;
  const owner = (project: number) =>
    project < read ? Math.floor(project / size.projects) : project - read;
  return {
    users: () =>
      repeat(size.users, (n) => ({ _id: id('user', n), ...makeUser(n), ...makeTimes(0) })),
    projects: () =>
      repeat(read + size.users, (n) => ({
        _id: id('project', n),
        user: id('user', owner(n)),
        ...makeProject(n, n < read ? size.tracks : 0),
        ...makeTimes(n),
      })),
    tracks: (project: number) =>
      repeat(size.tracks, (i) => {
        const n = project * size.tracks + i;
        const [_id, user] = [id('track', n), id('user', owner(project))];
        const filePath = `media/${user}/tracks/${_id}/original`;
        const of = { user, project: id('project', project), filePath };
        return { _id, ...of, ...makeTrackBody(n), ...makeFacts(n), ...makeTimes(n) };
      }),
  };
}

/** Finds the index of a user's inbox among all projects. */
export function findInbox(size: Size, user: number): number {
  return size.users * size.projects + user;
}

const WORDS = 'amber basin cinder delta ember fjord grove haze iris jetty knoll lagoon'.split(' ');
const GENRES = ['ambient', 'drum and bass', 'folk', 'house', 'lofi', 'synthwave', 'trap'];

/** Makes the body that creates a track; about 300 bytes as JSON. */
export function makeTrackBody(n: number): Values {
  const word = (i: number) => WORDS[(n * 7 + i * 5 + (n >> 4)) % WORDS.length] as string;
  return {
    name: `${word(0)} ${word(1)} ${n}`,
    artist: `${word(2)} ${word(3)}`,
    album: `The ${word(4)} tapes`,
    genre: GENRES[n % GENRES.length],
    trackNumber: 1 + (n % 40),
    lyrics: repeat(16, word).join(' '),
    fileName: `${word(0)}-${n}.wav`,
    contentType: 'audio/wav',
    size: 1_000_000 + ((n * 7919) % 40_000_000),
  };
}

/** Makes the body that changes a track. */
export function makeTrackPatch(n: number): Values {
  return {
    name: `Changed ${n}`,
    genre: GENRES[(n + 3) % GENRES.length],
    trackNumber: 1 + (n % 99),
  };
}

const preview = { name: 'preview', contentType: 'audio/mp4', status: 'READY' };

/** Makes the facts of a track that is READY. */
function makeFacts(n: number): Values {
  return {
    status: 'READY',
    progress: 100,
    audio: {
      durationSeconds: 30 + (n % 240) + 0.25,
      sampleRate: 48_000,
      channels: 2,
      bitRate: 1_536_000,
      codec: 'pcm_s16le',
      lossless: true,
    },
    analysis: { bpm: 60 + (n % 120), bpmConfidence: 0.81, key: 'F#', scale: 'MINOR' },
    derivatives: [{ ...preview, size: 1_700_000 + (n % 9999) }],
  };
}

function makeUser(n: number): Values {
  const name = `listener${n}`;
  const account = { email: `${name}@example.com`, username: name, hashedPassword: 'none' };
  return { ...account, displayName: `Listener ${n}`, isActive: true, isAdmin: false };
}

function makeProject(n: number, trackCount: number): Values {
  const description = `A collection of songs, number ${n}`;
  return { name: `Project ${n}`, description, settings: {}, status: 'ACTIVE', trackCount };
}

/** Makes times that are a minute apart, so that the order of documents is defined. */
function makeTimes(n: number): Values {
  const at = new Date(Date.UTC(2025, 0, 1) + n * 60_000);
  return { createdAt: at, updatedAt: at, version: 1 };
}

function repeat<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => make(n));
}
