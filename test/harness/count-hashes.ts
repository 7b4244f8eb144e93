import { createRequire } from 'node:module';

type Hasher = (...args: unknown[]) => unknown;

/** Counts hashes and checks of passwords from now on; before anything imports what makes them. */
export function countHashes(): { count: number } {
  const counted = { count: 0 };
  const argon2 = createRequire(import.meta.url)('@node-rs/argon2') as Record<string, Hasher>;
  for (const name of ['hash', 'verify']) {
    const make = argon2[name] as Hasher;
    argon2[name] = (...args) => {
      counted.count++;
      return make(...args);
    };
  }
  return counted;
}
