// Import this only after the environment is set: the product reads it when it is imported.
import { systemCtx } from '../src/context.ts';
import { connect, disconnect } from '../src/data/connection.ts';
import { BACKGROUND } from '../src/data/deadlines.ts';
import { UUID } from '../src/data/ids.ts';
import { Session } from '../src/models/account/session.ts';
import { User } from '../src/models/account/user.ts';
import { Track } from '../src/models/media/track.ts';
import { Project } from '../src/models/projects/project.ts';
import { signAccessToken } from '../src/services/account/tokens.ts';
import { makeDocuments, type Size } from './dataset.ts';

export { disconnect };

const KINDS = { user: 'a', project: 'b', track: 'c', session: 'd' };

/** Fills an empty, migrated database. MongoDB's validators check every document. */
export async function fill(size: Size): Promise<void> {
  await connect(BACKGROUND);
  const { users, projects, tracks } = makeDocuments(size, makeId);
  const expiresAt = new Date(Date.now() + 30 * 24 * 3600_000);
  const sessions = users().map((user, n) => ({
    ...{ _id: makeId('session', n), user: user._id, refreshTokenHash: `none ${n}`, expiresAt },
    credentialsVersion: 1,
    ...{ createdAt: new Date(), updatedAt: new Date(), version: 1 },
  }));
  // Nobody signs in: a ciphertext of nothing.
  const secrets = { hashedPassword: { bytes: Buffer.from('none') }, credentialsVersion: 1 };
  await User.collection.insertMany(users().map((user) => ({ ...user, ...secrets })));
  await Session.collection.insertMany(sessions);
  await Project.collection.insertMany(projects());
  for (let project = 0; project < size.users * size.projects; project++) {
    await Track.collection.insertMany(tracks(project));
  }
}

/** Deletes everything that `fill` inserts. */
export async function deleteAll(): Promise<void> {
  await connect(BACKGROUND);
  for (const { collection } of [User, Session, Project, Track]) await collection.deleteMany({});
}

/** Signs an access token, as the product does; it is valid for ten minutes. */
export function signToken(user: number): string {
  return signAccessToken(systemCtx('bench'), makeId('user', user), makeId('session', user));
}

/** Deletes what was created in these projects. */
export async function clearInboxes(inboxes: number[]): Promise<void> {
  await connect(BACKGROUND);
  const ids = inboxes.map((n) => makeId('project', n));
  await Track.collection.deleteMany({ project: { $in: ids } });
  await Project.collection.updateMany({ _id: { $in: ids } }, { $set: { trackCount: 0 } });
}

/** Formats the id of the n-th document of a kind. */
export function formatId(kind: keyof typeof KINDS, n: number): string {
  return `0000000${KINDS[kind]}-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

function makeId(kind: keyof typeof KINDS, n: number): UUID {
  return new UUID(formatId(kind, n));
}
