import type { Size } from './dataset.ts';
import type { Sent } from './load.ts';
import type { Target } from './target.ts';
import { makeRequests, type Work } from './works.ts';

/**
 * A server under load. It writes its own requests, because each server has ids and tokens of its
 * own.
 */
export interface Server {
  name: string;
  base: string;
  /** The process whose CPU and memory are measured, with its descendants. */
  pid: number;
  requests(work: Work, count: number): Promise<Sent[]>;
  /** Deletes what was created. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

/** A target whose ids and tokens are made in this process. */
export function makeServer(target: Target, size: Size): Server {
  const { name, base, pid, clear, stop } = target;
  const requests = async (work: Work, count: number) => makeRequests(work, target, size, count);
  return { name, base, pid, requests, clear, stop };
}
