import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isSame, type ProcessIdentity, readBirth } from './process/identity.ts';

/** The process that holds a lock, and the note that it left. */
export type Holder = ProcessIdentity & { note?: string };

/** A lock that is held until `release()`, or until this process ends in any way. */
export type Lock = { release(): void };

/** Takes the lock, or returns the running process that holds it. */
export function takeLock(file: string, note?: string): { lock: Lock } | { holder: Holder } {
  mkdirSync(dirname(file), { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, born: readBirth(process.pid), note });
  for (;;) {
    if (createWith(file, mine)) return { lock: { release: () => releaseOwn(file, mine) } };
    const seen = read(file);
    if (seen === undefined) continue;
    const holder = parse(seen);
    if (holder && isSame(holder)) return { holder };
    removeDead(file, seen);
  }
}

/** Takes the lock as soon as its holder releases it. */
export async function waitForLock(file: string, whileWaiting: (by: Holder) => void): Promise<Lock> {
  for (let isAnnounced = false; ; isAnnounced = true) {
    const taken = takeLock(file);
    if ('lock' in taken) return taken.lock;
    if (!isAnnounced) whileWaiting(taken.holder);
    await pause(100);
  }
}

// A hard link makes the file appear with its content in one step, so no process reads half a lock.
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

// Two processes may find the same dead lock. It is renamed first, and restored if it turns out to
// be a new one.
function removeDead(file: string, dead: string): void {
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
    return JSON.parse(text) as Holder; // written above; anything else counts as dead
  } catch {
    return undefined;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
