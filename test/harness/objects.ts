import { listKeys } from '../../src/providers/s3.ts';
import { getClient, loadSdk } from '../../src/providers/s3-client.ts';
import type { Doc, MediaKind, Person } from './given.ts';

/** The objects that a medium, an export or an import has in S3, by what follows its folder. */
export async function keysOf(
  person: Person,
  medium: Doc,
  kind: MediaKind | 'exports' | 'projectImports' = 'tracks',
): Promise<string[]> {
  const keys: string[] = [];
  const folder = `media/${person.id}/${kind}/${medium.id}/`;
  for await (const page of listKeys(folder)) keys.push(...page);
  return keys.map((k) => k.slice(folder.length)).toSorted();
}

/** Writes an object past all that would forbid it. */
export async function putObject(key: string, body: string | Buffer): Promise<void> {
  const { PutObjectCommand } = await loadSdk();
  const Bucket = process.env.MEDIA_BUCKET as string;
  await (await getClient()).send(new PutObjectCommand({ Bucket, Key: key, Body: body }));
}
