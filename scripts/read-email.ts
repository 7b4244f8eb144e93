import { normalizeEmail } from '../src/services/account/emails.ts';

/** Reads an email as it is stored, whatever its case and its form are. @throws Error when it is none */
export function readEmail(text: string): string {
  const email = normalizeEmail(text);
  if (!email) throw new Error(`${text} is no email.`);
  return email;
}
