import { invalid } from '../../errors.ts';

/** What a password must not be: what a guesser who knows the account tries first. */
interface Known {
  email?: string;
  username?: string;
}

/**
 * Checks a password that somebody wants; its length was checked before.
 * @throws AppError VALIDATION_FAILED with every fault
 */
export async function checkWanted(password: string, path: string, known: Known): Promise<void> {
  const wanted = foldCase(password);
  const { email = '', username = '' } = known;
  const faults: string[] = [];
  if ((await readCommon()).has(wanted)) faults.push('is one of the most common passwords');
  if ([email, email.split('@')[0], username].some((own) => own && foldCase(own) === wanted))
    faults.push('is your own email or username');
  if (new Set(wanted).size === 1) faults.push('repeats one character');
  if (faults.length > 0) throw invalid(faults.map((message) => ({ path, message })));
}

function foldCase(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

let common: Set<string> | undefined;

async function readCommon(): Promise<Set<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  common ??= new Set(dictionary['passwords-common'] as string[]);
  return common;
}
