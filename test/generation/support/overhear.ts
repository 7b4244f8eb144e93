import { SQSClient } from '@aws-sdk/client-sqs';
import mongoose from 'mongoose';
import { vi } from 'vitest';
import { entities } from '../../../src/data/entity.ts';
import { log } from '../../../src/providers/log.ts';
import { adminCollection } from '../../harness/admin.ts';

/** What is logged, and what is sent to queues, from now on. */
export interface Overheard {
  logged(): string;
  queued(): string;
}

/** Listens to the log, at its lowest level, and to the queues. */
export function overhear(): Overheard {
  let [logged, queued] = ['', ''];
  log.setLogLevel('DEBUG');
  const { console: out } = log as never as { console: Console };
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    vi.spyOn(out, level).mockImplementation((line) => {
      logged += `${line}\n`;
    });
  }
  const { send } = SQSClient.prototype;
  vi.spyOn(SQSClient.prototype, 'send').mockImplementation(function (this: SQSClient, ...args) {
    queued += JSON.stringify((args[0] as { input: unknown }).input);
    return send.apply(this, args as never) as never;
  });
  return { logged: () => logged, queued: () => queued };
}

/** Which of these words are in the database in clear, and where; collections of what is the owner's own are left out. */
export async function findInDatabase(words: string[], except: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const entity of entities.values()) {
    const { collectionName } = entity;
    if (except.includes(collectionName)) continue;
    for await (const document of adminCollection(entity).find({})) {
      const text = Buffer.from(mongoose.mongo.BSON.serialize(document)).toString('latin1');
      found.push(...words.filter((w) => text.includes(w)).map((w) => `${collectionName}: ${w}`));
    }
  }
  return [...new Set(found)];
}
