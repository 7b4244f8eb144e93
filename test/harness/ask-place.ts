import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a test file has for itself on the shared tools. */
export interface Place {
  /** Migrated, and otherwise empty. */
  database: string;
  bucket: string;
  /** The variables that carry the URLs of the queues. */
  queues: Record<string, string>;
}

// The process of a test file asks by a file that is named after it, and is answered by another one.
const ASKED = '.asked';
const ANSWER = '.json';

/** Of the name of a file: the process that asks for a place. */
export function readAsker(file: string): number | undefined {
  return file.endsWith(ASKED) ? Number(file.slice(0, -ASKED.length)) : undefined;
}

/** Answers a process in `folder`. */
export function answerPlace(folder: string, pid: number, answer: Place | { error: string }): void {
  const path = join(folder, `${pid}${ANSWER}`);
  writeFileSync(`${path}.tmp`, JSON.stringify(answer));
  renameSync(`${path}.tmp`, path); // it is seen whole or not at all
}

/**
 * Asks in `folder` for a place for this process, and waits for it with the thread stopped: while a module
 * awaits something, Node evaluates those imported after it, and they read the environment.
 */
export function askPlace(folder: string): Place {
  writeFileSync(join(folder, `${process.pid}${ASKED}`), '');
  const path = join(folder, `${process.pid}${ANSWER}`);
  const cell = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(path)) Atomics.wait(cell, 0, 0, 5);
  const answer = JSON.parse(readFileSync(path, 'utf8')) as Place | { error: string }; // answerPlace wrote it
  if ('error' in answer) throw new Error(`There is no place for this file: ${answer.error}`);
  return answer;
}
