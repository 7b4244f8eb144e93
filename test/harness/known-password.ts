import { createRequire } from 'node:module';

/** The password of the users of tests. */
export const PASSWORD = 'correct horse battery staple';

// A hash takes 50 ms of a core, and thousands of users of tests have this one password: its first hash in a
// process serves them all. Every other password, and every guess, costs what it costs.
type Argon2 = typeof import('@node-rs/argon2');
const argon2 = createRequire(import.meta.url)('@node-rs/argon2') as Argon2;
const { hash, verify } = argon2;
const hashes = new Map<string, Promise<string>>();
const known = new Set<string>();

argon2.hash = (password, options, signal) => {
  if (password !== PASSWORD) return hash(password, options, signal);
  const costs = JSON.stringify(options);
  const made = hashes.get(costs) ?? hash(password, options, signal);
  hashes.set(costs, made);
  return made.then((hashed) => {
    known.add(hashed);
    return hashed;
  });
};

argon2.verify = (hashed, password, options, signal) =>
  password === PASSWORD && known.has(hashed.toString())
    ? Promise.resolve(true)
    : verify(hashed, password, options, signal);
