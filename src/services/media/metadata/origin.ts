import { type BoundedFile, openBounded } from '../bounded-file.ts';
import { MediaError } from '../media-error.ts';
import { hasContentCredentials } from './content-credentials.ts';
import { type GenerationTags, pickGeneration } from './generation.ts';
import { listParts, type Part } from './parts.ts';
import { type Credentials, readCredentials } from './read-credentials.ts';
import { readTerm } from './source-type.ts';
import { readXmp } from './xmp.ts';

/** What a file says of how it was made. */
export interface OriginTags extends GenerationTags {
  /** The term of IPTC's list: `trainedAlgorithmicMedia`, `digitalCapture`… */
  digitalSourceType?: string;
  /** Whether the file has a manifest of content credentials (C2PA) in it. */
  c2pa?: true;
  /** What that says. */
  credentials?: Credentials;
}

/** What the reader of a format found in a file. */
export interface FoundTexts {
  texts: (readonly [key: string, text: string])[];
  xmp?: Buffer | null;
}

/**
 * Reads how a file was made, from the texts that the format's reader finds and from what is the
 * same in all formats. What is broken is left out: no file is refused for what is written beside
 * its pictures and sound.
 */
export async function readOrigin(
  path: string,
  signal: AbortSignal,
  readTexts: (file: BoundedFile, parts: readonly Part[]) => Promise<FoundTexts>,
): Promise<OriginTags> {
  const file = await openBounded(path, signal);
  try {
    const parts = await listParts(file);
    const { texts, xmp } = await readTexts(file, parts);
    const packet = xmp ?? (await findXmp(file, parts));
    const said = packet ? readXmp(packet) : {};
    const { userComment } = said;
    const comment = userComment ? [['UserComment', userComment] as const] : [];
    const hasManifest = await hasContentCredentials(file, parts);
    const credentials = hasManifest ? await readCredentials(file, parts) : undefined;
    const digitalSourceType =
      said.digitalSourceType ?? findTerm(texts) ?? credentials?.digitalSourceType;
    return {
      ...pickGeneration([...texts, ...comment]),
      ...(digitalSourceType && { digitalSourceType }),
      ...(hasManifest && { c2pa: true }),
      ...(credentials && { credentials }),
    };
  } catch (error) {
    if (error instanceof MediaError) return {};
    throw error;
  } finally {
    await file.close();
  }
}

/** The comment of FLAC and Ogg that says what XMP says elsewhere. */
function findTerm(texts: FoundTexts['texts']): string | undefined {
  const [, text] = texts.find(([key]) => key.toLowerCase() === 'digitalsourcetype') ?? [];
  return readTerm(text);
}

/** The box and the chunk of XMP in MP4 and in WAV (XMP specification, part 3). */
const XMP_BOX = 'be7acfcb97a942e89c71999491e3afac';
const XMP_CHUNK = '_PMX';
const MOST_XMP_BYTES = 256 * 1024;

async function findXmp(file: BoundedFile, parts: readonly Part[]): Promise<Buffer | null> {
  for (const { name, start, length } of parts) {
    const bytes = Math.min(length, MOST_XMP_BYTES);
    if (name === XMP_CHUNK) return file.read(start, bytes);
    if (name !== 'uuid' || length < 16) continue;
    if ((await file.read(start, 16)).toString('hex') === XMP_BOX)
      return file.read(start + 16, bytes - 16);
  }
  return null;
}
