import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { isConnected } from '../../data/connection.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { readNetwork } from '../../services/account/rate-limit.ts';
import { createCallCounter } from './call-counter.ts';

const counter = createCallCounter(config.callsPerMinute);

/**
 * Counts a call of an IP address.
 * @throws AppError RATE_LIMITED
 */
export function countCall({ ip }: Ctx): void {
  counter.countCall(readNetwork(ip));
}

/**
 * Counts a call of an account, from wherever it comes.
 * @throws AppError RATE_LIMITED
 */
export function countAccountCall(account: UUID, most: number): void {
  counter.countCall(`account ${idText(account)}`, most);
}

/**
 * Begins to merge the calls that were counted into those of all processes, unless there is nothing to
 * tell yet. To be awaited before the function answers; never rejects.
 */
export function mergeCalls(ctx: Ctx): Promise<void> | undefined {
  // A process that has not reached the database yet counts on by itself.
  return isConnected() ? counter.mergeCalls(ctx) : undefined;
}
