import { hash, verify } from '@node-rs/argon2';

/** argon2id (the package's default kind) with OWASP's second parameter set: 47 MiB, one pass. */
const OPTIONS = { memoryCost: 47_104, timeCost: 1, parallelism: 1 };

/** A PHC string. */
export function hashPassword(password: string): Promise<string> {
  return hash(password.normalize('NFKC'), OPTIONS);
}

/** Whether the password is that of the hash. */
export function verifyPassword(hashed: string, password: string): Promise<boolean> {
  return verify(hashed, password.normalize('NFKC'));
}

/** The form of a hash that is made today, of no password at all. */
const DECOY = `$argon2id$v=19$m=${OPTIONS.memoryCost},t=${OPTIONS.timeCost},p=${OPTIONS.parallelism}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** Costs as much as a real check, also the first time, and is always false. */
export async function verifyNobody(password: string): Promise<false> {
  await verifyPassword(DECOY, password);
  return false;
}

/** Whether a hash was made with weaker settings than today's. */
export function isOutdated(hashed: string): boolean {
  return (
    !hashed.startsWith('$argon2id$') ||
    !hashed.includes(`m=${OPTIONS.memoryCost},t=${OPTIONS.timeCost},`)
  );
}
