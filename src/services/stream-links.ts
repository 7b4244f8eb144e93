import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import { deleteKeys, getText, head, keysUnder, presignPlay, putText } from '../providers/s3.ts';
import type { VideoDoc } from './streams.ts';

const HOUR = 3600_000;
/**
 * From the beginning of the hour in which they are signed: whoever gets a link may play the longest video
 * to its end. Less than the credentials last that sign it.
 */
const HELD = 5 * HOUR;
const PLAYLIST = 'application/vnd.apple.mpegurl';

/**
 * A link to a video's stream that plays as it is: objects are private, so playlists are written in which
 * every address is signed. One set serves for an hour; those that hold no longer are deleted.
 * @throws AppError INVALID_STATE
 */
export async function streamLink(
  ctx: Ctx,
  { stream, streamPath }: VideoDoc,
): Promise<{ url: string; expiresAt: string }> {
  if (stream?.status !== 'READY' || !streamPath) {
    throw new AppError('INVALID_STATE', 'Its stream is not there: ask for it, and wait for READY.');
  }
  const hour = Math.floor(ctx.clock() / HOUR);
  const end = hour * HOUR + HELD;
  const master = `${streamPath}/signed/${hour}/master.m3u8`;
  if (!(await head(master))) {
    await sign(streamPath, hour);
    await forget(streamPath, hour);
  }
  const url = presignPlay(master, Math.floor((end - ctx.clock()) / 1000));
  return { url, expiresAt: new Date(end).toISOString() };
}

/** The master comes last: where it is, all are. */
async function sign(streamPath: string, hour: number): Promise<void> {
  const folder = `${streamPath}/signed/${hour}`;
  const master = await getText(`${streamPath}/master.m3u8`);
  const names = addressesIn(master);
  await Promise.all(
    names.map(async (name) => {
      const media = signed(await getText(`${streamPath}/${name}`), streamPath);
      await putText(`${folder}/${name}`, media, PLAYLIST);
    }),
  );
  await putText(`${folder}/master.m3u8`, signed(master, folder), PLAYLIST);
}

/** Source: RFC 8216 §4.1: a line that is no tag is an address, and so is the attribute URI. */
const ADDRESS = /^[^#\s]\S*$|(?<=URI=")[^"]+(?=")/gm;

function addressesIn(playlist: string): string[] {
  return [...new Set(playlist.match(ADDRESS))];
}

/**
 * Two addresses of each file, in turns: ffmpeg 9 reads neighbouring ranges of one address by one request,
 * and then loses all but the first. S3 ignores parameters that begin with `x-`.
 */
function signed(playlist: string, folder: string): string {
  const urls = new Map<string, string>();
  let count = 0;
  return playlist.replace(ADDRESS, (name) => {
    const turn = String(count++ % 2);
    const url =
      urls.get(name + turn) ?? presignPlay(`${folder}/${name}`, HELD / 1000, { 'x-turn': turn });
    urls.set(name + turn, url);
    return url;
  });
}

async function forget(streamPath: string, hour: number): Promise<void> {
  const folder = `${streamPath}/signed/`;
  const oldest = hour - HELD / HOUR;
  for await (const keys of keysUnder(folder)) {
    await deleteKeys(keys.filter((k) => Number.parseInt(k.slice(folder.length), 10) < oldest));
  }
}
