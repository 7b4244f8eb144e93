import { createRequire } from 'node:module';
import { S3Client } from '@aws-sdk/client-s3';
import { forgetLooks } from '../../src/services/jobs/turns.ts';

export interface Session {
  inTransaction(): boolean;
  abortTransaction(): Promise<void>;
}

/** A command of the database, or of S3. */
interface Operation {
  session?: Session;
  command?: { commitTransaction?: unknown };
}

/** What each call passes: it is made by `call`, or not at all. */
type Pass = (call: () => Promise<unknown>, operation: Operation) => Promise<unknown>;

/** The last call of each session: one follows the other. */
const lastCalls = new WeakMap<Session, Promise<unknown>>();

/** Has every call of the database and of S3 pass a function. */
export function interceptCalls(pass: Pass): void {
  const require = createRequire(import.meta.url);
  const driver = createRequire(require.resolve('mongoose'))('mongodb/lib/sdam/server.js');
  for (const prototype of [driver.Server.prototype, S3Client.prototype]) {
    const name = prototype === S3Client.prototype ? 'send' : 'command';
    const original = prototype[name] as (...args: unknown[]) => Promise<unknown>;
    prototype[name] = function (this: unknown, ...args: unknown[]) {
      const operation = args[0] as Operation;
      const call = () => {
        const answer = original.apply(this, args);
        if (operation.session) lastCalls.set(operation.session, answer);
        return answer;
      };
      return pass(call, operation);
    };
  }
}

/**
 * Ends what a killed process leaves behind. Its transactions are aborted here and now, as the database does
 * after `transactionLifetimeLimitSeconds`: until then it would keep what they wrote from everybody. A call that
 * is under way is awaited: the transaction that it begins could not be aborted before. What was committed without
 * being heard of cannot be aborted any more.
 */
export async function endProcess(sessions: Iterable<Session>): Promise<void> {
  forgetLooks(); // nobody waits for what a killed process was looking for
  for (const session of sessions) {
    await lastCalls.get(session)?.catch(() => {});
    await session.abortTransaction().catch(() => {});
  }
}
