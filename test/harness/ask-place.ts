import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a test file has for itself on the shared tools. */
export interface Place {
  /** Migrated, and otherwise empty. */
  database: string;
  /** The address at which the role of the functions signs in. */
  mongodb: string;
  bucket: string;
  /** The variables that carry the URLs of the queues. */
  queues: Record<string, string>;
}

// The process of a test file asks by a file that is named after it, and is answered by another one. The
// name has more than its id, which the system gives to another process in the end.
const ASKED = '.asked';
const ANSWER = '.json';

/** Who asks for a place by the file of this name, and its process. */
export function readAsker(file: string): { name: string; pid: number } | undefined {
  if (!file.endsWith(ASKED)) return undefined;
  const name = file.slice(0, -ASKED.length);
  return { name, pid: Number.parseInt(name, 10) };
}

/** Answers in `folder` who asked. */
export function answerPlace(folder: string, name: string, answer: Place | { error: string }): void {
  const path = join(folder, `${name}${ANSWER}`);
  writeFileSync(`${path}.tmp`, JSON.stringify(answer));
  renameSync(`${path}.tmp`, path); // it is seen whole or not at all
}

/**
 * Asks in `folder` for a place for this process, and waits for it with the thread stopped: while a module
 * awaits something, Node evaluates those imported after it, and they read the environment.
 */
export function askPlace(folder: string): Place {
  const name = `${process.pid}-${randomUUID()}`;
  writeFileSync(join(folder, `${name}${ASKED}`), '');
  const path = join(folder, `${name}${ANSWER}`);
  const cell = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(path)) Atomics.wait(cell, 0, 0, 5);
  const answer = JSON.parse(readFileSync(path, 'utf8')) as Place | { error: string }; // answerPlace wrote it
  if ('error' in answer) throw new Error(`There is no place for this file: ${answer.error}`);
  return answer;
}
