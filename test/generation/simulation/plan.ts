import { drawFaults, type Fault } from '../../../src/local/comfyui/start.ts';
import { type Chance, makeChance } from '../../harness/chance.ts';
import type { Fate } from './lives.ts';

type Seconds = number;

/** Something that happens from outside, so many seconds after the start. */
export interface Blow {
  at: Seconds;
  /** A pod loses its memory; nothing reaches it for a while; it gets no new work; somebody cancels or tries again. */
  is: 'restart' | 'cut' | 'drain' | 'cancel' | 'retry';
  /** Which pod, or which execution. */
  whom: number;
  seconds: Seconds;
}

/** All that happens in one schedule: the same for the same seed. */
export interface Plan {
  seed: number;
  pods: { faults: Fault[]; seconds: Seconds; hasUniqueIds: boolean; vramTotal: number }[];
  /** When each execution is started, and which workflow it is of. */
  executions: { at: Seconds; workflow: number }[];
  workers: number;
  blows: Blow[];
  /** How long things go wrong; after that nothing does. */
  trouble: Seconds;
  /** Whether processes are killed and stopped. */
  hasFates: boolean;
}

/** Draws a schedule. @param workflows how many there are to choose from */
export function drawPlan(seed: number, workflows: number): Plan {
  const chance = makeChance(seed);
  const { below } = chance;
  const pods = 1 + below(3);
  const executions = below(10) < 7 ? 1 : 2;
  return {
    seed,
    pods: list(pods, () => ({
      faults: drawFaults(below(2 ** 31), below(5)).map(shorten),
      vramTotal: below(3) * 2 ** 33,
      seconds: below(10) < 8 ? below(4) : below(90),
      hasUniqueIds: below(3) === 0,
    })),
    executions: list(executions, () => ({ at: below(3), workflow: below(workflows) })),
    workers: 1 + below(1 + below(3)),
    blows: list(below(4), () => drawBlow(chance, pods, executions)),
    ...{ trouble: 600, hasFates: true },
  };
}

/** The longest that a request to run something may take on its way (ADR 50), with what its pod takes. */
const LATEST: Seconds = 20;

function shorten(fault: Fault): Fault {
  const isLate = fault.name === 'delay' && fault.at === 'submit';
  return isLate ? { ...fault, seconds: Math.min(fault.seconds ?? 5, LATEST) } : fault;
}

const BLOWS = [
  'restart',
  'restart',
  'cut',
  'cut',
  'cut',
  'drain',
  'cancel',
  'retry',
  'retry',
] as const;

function drawBlow({ below }: Chance, pods: number, executions: number): Blow {
  const is = BLOWS[below(BLOWS.length)] as Blow['is'];
  const isOfPod = is === 'restart' || is === 'cut' || is === 'drain';
  return {
    is,
    // Most things happen soon, while much is going on.
    at: below(3) < 2 ? below(8_000) / 1000 : below(240),
    whom: below(isOfPod ? pods : executions),
    seconds: below(20) < 19 ? below(60) : below(2_400),
  };
}

/** Draws what happens to a process in its next step: most often nothing. */
export function drawFate(
  { below }: Chance,
  sleep: (ms: number) => Promise<void>,
): Fate | undefined {
  const isHeard = below(2) === 0;
  const at = below(2) === 0 ? 'call' : 'commit';
  const after = below(at === 'commit' ? 5 : 40);
  const luck = below(12);
  if (luck === 0) return { is: 'killed', at, after, isHeard };
  const ms = below(8) === 0 ? below(300_000) : below(40_000);
  if (luck === 1) return { is: 'stopped', at, after, isHeard, sleep: () => sleep(ms) };
  return undefined;
}

function list<T>(count: number, draw: () => T): T[] {
  return Array.from({ length: count }, draw);
}
