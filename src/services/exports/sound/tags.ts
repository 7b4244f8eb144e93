import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RenderInput } from '../../../providers/ffmpeg-render.ts';
import { buildXmp, type GeneratedTerm, nameTerm } from '../../media/metadata/source-type.ts';
import { removeControls } from '../plain-text.ts';
import type { TagName } from '../plan.ts';
import type { CodecOutput } from './codecs.ts';
import type { SoundOutput } from './encode.ts';

/** ffmpeg's names, which each muxer translates into those of its format. */
const NAMES: Record<TagName, string> = {
  title: 'title',
  artist: 'artist',
  album: 'album',
  albumArtist: 'album_artist',
  genre: 'genre',
  date: 'date',
  trackNumber: 'track',
  composer: 'composer',
  copyright: 'copyright',
  comment: 'comment',
};

/** The inputs, after the sound, that bring tags and a cover. */
export async function buildTagInputs(
  workDir: string,
  codec: CodecOutput,
  { tags, cover, origin }: SoundOutput,
): Promise<RenderInput[]> {
  const picture = cover && codec.cover === 'TAG' ? await buildPictureBlock(cover) : undefined;
  const lines = Object.entries(tags).map(
    ([name, value]) => `${NAMES[name as TagName]}=${escapeLine(removeControls(value))}`,
  );
  if (picture) lines.push(`METADATA_BLOCK_PICTURE=${escapeLine(picture)}`);
  if (origin?.term) lines.push(...markInTags(codec, origin.term));
  // In a file and not in arguments, where a picture has no room.
  const path = join(workDir, 'tags.txt');
  await writeFile(path, [';FFMETADATA1', ...lines, ''].join('\n'));
  return [
    { path, demuxer: 'ffmetadata' },
    ...(cover && codec.cover === 'ATTACHED' ? [{ path: cover, demuxer: 'jpeg_pipe' }] : []),
  ];
}

/** Where the tags of a format have room for it, they say that the sound was generated; else the file does. */
function markInTags({ muxer }: CodecOutput, term: GeneratedTerm): string[] {
  if (muxer === 'mp3') return [`id3v2_priv.XMP=${escapeLine(buildXmp(term))}`];
  if (muxer === 'flac' || muxer === 'opus') return [`DIGITALSOURCETYPE=${nameTerm(term)}`];
  return [];
}

/** The options that write them. */
export function buildTagOutputs(codec: CodecOutput, { cover }: SoundOutput): string[] {
  const attached = cover && codec.cover === 'ATTACHED';
  return [
    ...['-map_metadata', '1', '-map_chapters', '-1'],
    ...(attached ? ['-map', '2:v:0', '-c:v', 'copy', '-disposition:v:0', 'attached_pic'] : []),
    ...(attached ? ['-metadata:s:v', 'title=Cover', '-metadata:s:v', 'comment=Cover (front)'] : []),
  ];
}

/** ffmpeg's metadata files have a line for each tag, in which these have a meaning of their own. */
function escapeLine(value: string): string {
  return value.replace(/[=;#\\\n]/g, (character) => `\\${character}`);
}

/** A FLAC picture block in base64, which is how Ogg has covers. */
async function buildPictureBlock(path: string): Promise<string> {
  const picture = await readFile(path);
  const type = Buffer.from('image/jpeg');
  const number = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const FRONT_COVER = 3;
  // Type, content type, description, width, height, depth, colours, bytes: what is 0 is not told.
  const head = [number(FRONT_COVER), number(type.length), type, number(0)];
  const sizes = [number(0), number(0), number(0), number(0), number(picture.length)];
  return Buffer.concat([...head, ...sizes, picture]).toString('base64');
}
