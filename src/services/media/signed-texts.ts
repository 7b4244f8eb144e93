import type { Ctx } from '../../context.ts';
import { refuseDeleting } from '../../data/clock-difference.ts';
import { deleteKeys, headObject, listKeys } from '../../providers/s3.ts';
import { presignPlay } from '../../providers/s3-links.ts';

const HOUR_MS = 3600_000;
/**
 * How long signed URLs are valid, in ms from the start of the hour of signing: long enough to play
 * the longest video (4 h), and less than the lifetime of the credentials that sign.
 */
const VALID_MS = 5 * HOUR_MS;

/** A text with signed URLs, stored in S3. */
export interface SignedText {
  key: string;
  /** When its URLs expire, in ms since 1970. */
  endsAt: number;
}

/**
 * Returns a text in which every URL is signed. Objects are private, and a player follows the URLs
 * of a playlist directly, so playlists are stored with presigned URLs. One set is written per hour;
 * expired sets are deleted.
 * @param folder has a subfolder for each hour
 * @param name of the requested text
 * @param write writes the whole set into the subfolder of the hour, the requested text last
 */
export async function getSignedText(
  ctx: Ctx,
  folder: string,
  name: string,
  write: (folder: string) => Promise<void>,
): Promise<SignedText> {
  const hour = Math.floor(ctx.clock() / HOUR_MS);
  const key = `${folder}/${hour}/${name}`;
  if (!(await headObject(key))) {
    await write(`${folder}/${hour}`);
    // What seems to have expired to a host that is ahead may be played right now.
    const refused = await refuseDeleting(ctx);
    if (!refused) await deleteExpired(`${folder}/`, hour - VALID_MS / HOUR_MS);
  }
  return { key, endsAt: hour * HOUR_MS + VALID_MS };
}

/** Presigns a URL for such a text. */
export function presignUrl(key: string, query: Record<string, string> = {}): string {
  return presignPlay(key, VALID_MS / 1000, query);
}

async function deleteExpired(folder: string, oldest: number): Promise<void> {
  for await (const keys of listKeys(folder)) {
    await deleteKeys(keys.filter((k) => Number.parseInt(k.slice(folder.length), 10) < oldest));
  }
}
