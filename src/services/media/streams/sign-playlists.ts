import type { Ctx } from '../../../context.ts';
import { AppError } from '../../../errors.ts';
import { getText, putText } from '../../../providers/s3.ts';
import { presignPlay } from '../../../providers/s3-links.ts';
import { getSignedText, presignUrl } from '../signed-texts.ts';
import type { VideoDoc } from './request.ts';

const PLAYLIST = 'application/vnd.apple.mpegurl';

export interface Link {
  url: string;
  expiresAt: string;
}

/**
 * Returns a presigned link to the master playlist of a video's stream, in which every URL is
 * signed.
 * @throws AppError INVALID_STATE
 */
export async function getStreamLink(ctx: Ctx, { stream, streamPath }: VideoDoc): Promise<Link> {
  if (stream?.status !== 'READY' || !streamPath) {
    throw new AppError(
      'INVALID_STATE',
      'The video has no READY stream: request one, and wait for it.',
    );
  }
  const { key, endsAt } = await getSignedText(
    ctx,
    `${streamPath}/signed`,
    'master.m3u8',
    (folder) => writeSignedPlaylists(streamPath, folder),
  );
  const url = presignPlay(key, Math.floor((endsAt - ctx.clock()) / 1000));
  return { url, expiresAt: new Date(endsAt).toISOString() };
}

/** Writes the master playlist last: once it exists, the others do. */
async function writeSignedPlaylists(streamPath: string, folder: string): Promise<void> {
  const master = await getText(`${streamPath}/master.m3u8`);
  const names = findUrls(master);
  await Promise.all(
    names.map(async (name) => {
      const media = signUrls(await getText(`${streamPath}/${name}`), streamPath);
      await putText(`${folder}/${name}`, media, PLAYLIST);
    }),
  );
  await putText(`${folder}/master.m3u8`, signUrls(master, folder), PLAYLIST);
}

/** A URL in a playlist: a line that is no tag, or the attribute URI. Source: RFC 8216 §4.1. */
const URL_PATTERN = /^[^#\s]\S*$|(?<=URI=")[^"]+(?=")/gm;

function findUrls(playlist: string): string[] {
  return [...new Set(playlist.match(URL_PATTERN))];
}

/**
 * Signs the URLs of a playlist. Each file gets two different URLs, used alternately: ffmpeg 9
 * merges requests for adjacent byte ranges of one URL, and then loses all but the first. S3 ignores
 * parameters that begin with `x-`.
 */
function signUrls(playlist: string, folder: string): string {
  const urls = new Map<string, string>();
  let count = 0;
  return playlist.replace(URL_PATTERN, (name) => {
    const turn = String(count++ % 2);
    const url = urls.get(name + turn) ?? presignUrl(`${folder}/${name}`, { 'x-turn': turn });
    urls.set(name + turn, url);
    return url;
  });
}
