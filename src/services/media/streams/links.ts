import type { Ctx } from '../../../context.ts';
import { AppError } from '../../../errors.ts';
import { getText, presignPlay, putText } from '../../../providers/s3.ts';
import { signedAddress, signedText } from '../signed-links.ts';
import type { VideoDoc } from './request.ts';

const PLAYLIST = 'application/vnd.apple.mpegurl';

/**
 * A link to a video's stream that plays as it is: in its playlists every address is signed.
 * @throws AppError INVALID_STATE
 */
export async function streamLink(
  ctx: Ctx,
  { stream, streamPath }: VideoDoc,
): Promise<{ url: string; expiresAt: string }> {
  if (stream?.status !== 'READY' || !streamPath) {
    throw new AppError('INVALID_STATE', 'Its stream is not there: ask for it, and wait for READY.');
  }
  const { key, endsAt } = await signedText(ctx, `${streamPath}/signed`, 'master.m3u8', (folder) =>
    sign(streamPath, folder),
  );
  const url = presignPlay(key, Math.floor((endsAt - ctx.clock()) / 1000));
  return { url, expiresAt: new Date(endsAt).toISOString() };
}

/** The master comes last: where it is, all are. */
async function sign(streamPath: string, folder: string): Promise<void> {
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
    const url = urls.get(name + turn) ?? signedAddress(`${folder}/${name}`, { 'x-turn': turn });
    urls.set(name + turn, url);
    return url;
  });
}
