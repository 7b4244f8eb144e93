import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { bornAt, isSame, type ProcessIdentity } from './process/identity.ts';

/** Who holds a lock, and what it said about itself. */
export type Holder = ProcessIdentity & { note?: string };

/** A lock held until `release()`, or until this process is gone in whatever way. */
export type Lock = { release(): void };

/** Takes the lock file, or says which living process has it. */
export function takeLock(file: string, note?: string): { lock: Lock } | { holder: Holder } {
  mkdirSync(dirname(file), { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, born: bornAt(process.pid), note });
  for (;;) {
    if (createWith(file, mine)) return { lock: { release: () => releaseOwn(file, mine) } };
    const seen = read(file);
    if (seen === undefined) continue;
    const holder = parse(seen);
    if (holder && isSame(holder)) return { holder };
    bury(file, seen);
  }
}

/** Takes the lock file once whoever has it lets go. */
export async function waitForLock(file: string, whileWaiting: (by: Holder) => void): Promise<Lock> {
  for (let told = false; ; told = true) {
    const taken = takeLock(file);
    if ('lock' in taken) return taken.lock;
    if (!told) whileWaiting(taken.holder);
    await pause(100);
  }
}

// A link makes the file appear with its content in one step: nobody reads half a lock.
function createWith(file: string, content: string): boolean {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(draft);
  }
}

// Two may find the same dead lock: it is moved away, and put back if it turns out to be a new one.
function bury(file: string, dead: string): void {
  const grave = `${file}.dead.${process.pid}`;
  try {
    renameSync(file, grave);
    if (read(grave) !== dead) linkSync(grave, file);
  } catch (error) {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EEXIST')) throw error;
  }
  rmSync(grave, { force: true });
}

function releaseOwn(file: string, mine: string): void {
  if (read(file) === mine) rmSync(file, { force: true });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function parse(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder; // our own file; anything else counts as dead
  } catch {
    return undefined;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
