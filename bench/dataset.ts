/** How much there is: users, projects of each, tracks of each project. */
export interface Size {
  users: number;
  projects: number;
  tracks: number;
}

/** Makes the id of the n-th thing of a kind; each server has a type of its own. */
export type IdOf<Id> = (kind: 'user' | 'project' | 'track' | 'session', n: number) => Id;

type Values = Record<string, unknown>;

/**
 * The same documents for every server: only ids differ. Behind the projects of a user that are read
 * comes one that is empty, the inbox, which takes the tracks that are created.
 */
export function documents<Id>(size: Size, id: IdOf<Id>) {
  const read = size.users * size.projects;
  const owner = (project: number) =>
    project < read ? Math.floor(project / size.projects) : project - read;
  return {
    users: () => times(size.users, (n) => ({ _id: id('user', n), ...userOf(n), ...stamps(0) })),
    projects: () =>
      times(read + size.users, (n) => ({
        _id: id('project', n),
        user: id('user', owner(n)),
        ...projectOf(n, n < read ? size.tracks : 0),
        ...stamps(n),
      })),
    tracks: (project: number) =>
      times(size.tracks, (i) => {
        const n = project * size.tracks + i;
        const [_id, user] = [id('track', n), id('user', owner(project))];
        const filePath = `media/${user}/tracks/${_id}/original`;
        const of = { user, project: id('project', project), filePath };
        return { _id, ...of, ...trackBody(n), ...heard(n), ...stamps(n) };
      }),
  };
}

/** The place of a user's inbox among all projects. */
export function inboxOf(size: Size, user: number): number {
  return size.users * size.projects + user;
}

const WORDS = 'amber basin cinder delta ember fjord grove haze iris jetty knoll lagoon'.split(' ');
const GENRES = ['ambient', 'drum and bass', 'folk', 'house', 'lofi', 'synthwave', 'trap'];

/** What a client sends to make a track; about 300 bytes as JSON. */
export function trackBody(n: number): Values {
  const word = (i: number) => WORDS[(n * 7 + i * 5 + (n >> 4)) % WORDS.length] as string;
  return {
    name: `${word(0)} ${word(1)} ${n}`,
    artist: `${word(2)} ${word(3)}`,
    album: `The ${word(4)} tapes`,
    genre: GENRES[n % GENRES.length],
    trackNumber: 1 + (n % 40),
    lyrics: times(16, word).join(' '),
    fileName: `${word(0)}-${n}.wav`,
    contentType: 'audio/wav',
    size: 1_000_000 + ((n * 7919) % 40_000_000),
  };
}

/** What a client changes in a track. */
export function trackPatch(n: number): Values {
  return {
    name: `Changed ${n}`,
    genre: GENRES[(n + 3) % GENRES.length],
    trackNumber: 1 + (n % 99),
  };
}

const preview = { name: 'preview', contentType: 'audio/mp4', status: 'READY' };

/** What the server found in a song that is ready. */
function heard(n: number): Values {
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

function userOf(n: number): Values {
  const name = `listener${n}`;
  const account = { email: `${name}@example.com`, username: name, hashedPassword: 'none' };
  return { ...account, displayName: `Listener ${n}`, isActive: true, isAdmin: false };
}

function projectOf(n: number, trackCount: number): Values {
  const description = `A collection of songs, number ${n}`;
  return { name: `Project ${n}`, description, settings: {}, status: 'ACTIVE', trackCount };
}

/** Times a minute apart, so that the newest are told from the others. */
function stamps(n: number): Values {
  const at = new Date(Date.UTC(2025, 0, 1) + n * 60_000);
  return { createdAt: at, updatedAt: at, version: 1 };
}

function times<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => make(n));
}
