import type { Clock } from './clock.ts';
import type { FaultBox } from './faults.ts';
import type { Files } from './files.ts';
import type { Made } from './nodes/node-class.ts';
import { createQueue, type Queue } from './queue.ts';
import { createSockets, type Sockets } from './sockets.ts';

/** How a stand-in behaves. */
export interface Settings {
  clock: Clock;
  /** What `/system_stats` says it is. */
  version: string;
  /** In bytes; a longer body is answered with 413. */
  maxUpload: number;
  /** Whether `/api/jobs` exists, as it does since the end of 2025. */
  jobs: boolean;
  /** Whether a prompt id must be a UUID that was not used before, as in builds of mid-2026. */
  uniqueIds: boolean;
  /** How long nodes take, in seconds, by the name of their class; `*` are all others. */
  timings: Record<string, number>;
  /** The program that encodes and decodes sound and video. */
  ffmpeg: string;
}

/** A stand-in: what is on its disk, and what it remembers until it is restarted. */
export interface Host {
  readonly settings: Settings;
  readonly files: Files;
  readonly faults: FaultBox;
  life: Life;
  /** Until when it is away, in ms. */
  awayUntil: number;
  /** Loses all that is in memory, and does not answer for so many seconds. */
  restart(seconds: number): void;
  /** Does something at each restart. */
  onRestart(act: () => void): void;
}

/** What a server remembers: a restart begins another life. */
export interface Life {
  readonly queue: Queue;
  readonly sockets: Sockets;
  /** Results of nodes of the last prompt, by what they were made from. */
  cache: Map<string, Made>;
  /** The number of the next prompt. */
  number: number;
  /** Whether the running prompt is to end at its next node or step. */
  interrupted: boolean;
  /** The client whose prompt runs, and the node that is at work. */
  client: string | undefined;
  node: string | undefined;
  isOver: boolean;
  /** Called when there is something to do. */
  wake: () => void;
}

/** Begins a life: nothing queued, nothing remembered, nobody connected. */
export function beginLife(): Life {
  const sockets = createSockets();
  const life: Life = {
    sockets,
    queue: createQueue(() => {
      sockets.send('status', { status: countQueue(life) });
      life.wake();
    }),
    cache: new Map(),
    number: 0,
    interrupted: false,
    client: undefined,
    node: undefined,
    isOver: false,
    wake: () => undefined,
  };
  return life;
}

/** The length of the queue, with what is running, as ComfyUI says it. */
export function countQueue({ queue }: Life) {
  return { exec_info: { queue_remaining: queue.remaining() } };
}
