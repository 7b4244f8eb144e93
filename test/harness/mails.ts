import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from './until.ts';

export interface SentMail {
  id: string;
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** The mails that were written to an address, oldest first, whose subject has these words. */
export async function mailsTo(address: string, words = ''): Promise<SentMail[]> {
  const dir = process.env.MAIL_DIR as string;
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []; // none was written yet
    throw error;
  });
  const files = names.filter((n) => n.endsWith('.json')).sort();
  const mails = await Promise.all(
    files.map(async (n) => JSON.parse(await readFile(join(dir, n), 'utf8')) as SentMail),
  );
  return mails.filter((m) => m.to === address && m.subject.includes(words));
}

/** The last of so many mails to an address, once they are there. */
export async function mailTo(address: string, words: string, count = 1): Promise<SentMail> {
  const mails = await until(`${count} mails "${words}" to ${address} are there`, async () => {
    const found = await mailsTo(address, words);
    return found.length >= count && found;
  });
  return mails.at(-1) as SentMail;
}

/** The token in the link of a mail. */
export function readToken({ text }: SentMail): string {
  const token = /#token=([\w%-]+)/.exec(text)?.[1];
  if (!token) throw new Error(`The mail has no link: ${text}`);
  return decodeURIComponent(token);
}
