import { keysUnder } from '../../src/providers/s3.ts';
import type { Doc, MediaKind, Person } from './given.ts';

/** The objects that a medium has in S3, by what follows its folder. */
export async function keysOf(
  person: Person,
  medium: Doc,
  kind: MediaKind = 'tracks',
): Promise<string[]> {
  const keys: string[] = [];
  const folder = `media/${person.id}/${kind}/${medium.id}/`;
  for await (const page of keysUnder(folder)) keys.push(...page);
  return keys.map((k) => k.slice(folder.length)).toSorted();
}
