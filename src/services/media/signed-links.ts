import type { Ctx } from '../../context.ts';
import { deleteKeys, head, keysUnder, presignPlay } from '../../providers/s3.ts';

const HOUR = 3600_000;
/**
 * From the beginning of the hour in which they are signed: whoever gets a link may play the longest video
 * to its end. Less than the credentials last that sign it.
 */
const HELD = 5 * HOUR;

/** A text of signed addresses. */
export interface SignedText {
  key: string;
  /** In ms since 1970. */
  endsAt: number;
}

/**
 * Objects are private, and a player follows what it reads without asking us: texts are written in which every
 * address is signed. One set serves for an hour; those that hold no longer are deleted.
 * @param folder where they lie, by the hour
 * @param name of the text that is asked for
 * @param write puts all of them into the folder of the hour, the one that is asked for last
 */
export async function signedText(
  ctx: Ctx,
  folder: string,
  name: string,
  write: (folder: string) => Promise<void>,
): Promise<SignedText> {
  const hour = Math.floor(ctx.clock() / HOUR);
  const key = `${folder}/${hour}/${name}`;
  if (!(await head(key))) {
    await write(`${folder}/${hour}`);
    await forget(`${folder}/`, hour - HELD / HOUR);
  }
  return { key, endsAt: hour * HOUR + HELD };
}

/** An address to stand in such a text. */
export function signedAddress(key: string, query: Record<string, string> = {}): string {
  return presignPlay(key, HELD / 1000, query);
}

async function forget(folder: string, oldest: number): Promise<void> {
  for await (const keys of keysUnder(folder)) {
    await deleteKeys(keys.filter((k) => Number.parseInt(k.slice(folder.length), 10) < oldest));
  }
}
