/** What may go wrong, and where. The first place is the one that is meant if none is said. */
const REQUESTS = [
  'submit',
  'history',
  'queue',
  'jobs',
  'view',
  'upload',
  'control',
  'info',
] as const;
const STAGES = ['running', 'queued', 'finishing', 'finished'] as const;

/** A kind of request. */
export type RequestPlace = (typeof REQUESTS)[number];
/**
 * When something happens to a prompt: right after it was queued, between two of its nodes, when all
 * nodes have run but the history is not written, and once it is written.
 */
type Stage = (typeof STAGES)[number];
export type Place = RequestPlace | Stage | 'connect';

/** Every fault by name, with what it does and where it may happen. */
export const FAULTS = {
  // Requests.
  'lose-request': { does: 'cuts the connection before the request is carried out', at: REQUESTS },
  'lose-answer': { does: 'carries the request out, and cuts the connection', at: REQUESTS },
  'cut-answer': { does: 'breaks off in the middle of the answer', at: REQUESTS },
  'repeat-request': { does: 'carries the request out twice, as a proxy may', at: REQUESTS },
  delay: { does: 'answers `seconds` later', at: REQUESTS },
  'too-many': { does: 'answers 429 with Retry-After', at: REQUESTS },
  'server-error': { does: 'answers 500', at: REQUESTS },
  'bad-gateway': { does: 'answers 502 with a page of a proxy', at: REQUESTS },
  unavailable: { does: 'answers 503', at: REQUESTS },
  'login-page': { does: 'answers 200 with a page in place of JSON', at: REQUESTS },
  'too-large': { does: 'answers 413 to a body that it finds too large', at: ['upload', 'submit'] },
  forbidden: { does: 'answers 403, as a proxy that wants a key', at: ['upload', 'submit'] },
  // The server and its prompts.
  restart: { does: 'loses queue and history, and is away for `seconds`', at: STAGES },
  forget: { does: 'loses the prompt, as when somebody clears the queue', at: STAGES },
  interrupt: { does: 'is interrupted by somebody else', at: ['running', 'queued'] },
  stall: { does: 'a node never ends', at: ['running'] },
  slow: { does: 'a node takes `seconds` longer', at: ['running'] },
  'node-error': { does: 'a node throws', at: ['running'] },
  'out-of-memory': { does: 'a node runs out of GPU memory', at: ['running'] },
  'blocked-node': {
    does: 'reports an error of a node, and succeeds all the same',
    at: ['running'],
  },
  'late-history': { does: 'writes the history `seconds` after the success', at: ['finishing'] },
  // Sockets.
  'refuse-socket': {
    does: 'answers 400 to a websocket, as a proxy that knows none',
    at: ['connect'],
  },
  'drop-socket': {
    does: 'closes the websocket of the client',
    at: ['running', 'queued', 'finishing'],
  },
  'silent-socket': {
    does: 'keeps it open, but sends nothing and answers no ping',
    at: ['running', 'queued', 'finishing'],
  },
  'repeat-events': { does: 'sends each event of the prompt twice', at: ['running'] },
  'lose-events': { does: 'sends no more events of the prompt', at: ['running', 'finishing'] },
  'garbage-event': {
    does: 'sends a frame that is no JSON, and a binary one of an unknown kind',
    at: ['running'],
  },
  // Outputs, as a hostile server names and sends them.
  'html-as-picture': { does: 'sends a page with a script in place of an output', at: ['view'] },
  'endless-output': { does: 'sends 20 GB in place of an output', at: ['view'] },
  'picture-bomb': { does: 'sends a small PNG of 60,000 × 60,000 pixels', at: ['view'] },
  'redirect-inside': { does: 'redirects to http://169.254.169.254/', at: ['view'] },
  'missing-output': { does: 'has no such file', at: ['view'] },
  'empty-output': { does: 'sends no byte', at: ['view'] },
  'escaping-name': { does: 'names outputs ../../../etc/passwd', at: ['finishing'] },
} as const satisfies Record<string, { does: string; at: readonly Place[] }>;

export type FaultName = keyof typeof FAULTS;

/** A fault that is to happen. */
export interface Fault {
  name: FaultName;
  /** Where; by default the first place that its kind allows, or any request. */
  at?: Place;
  /** How many chances it lets pass. Default 0. */
  after?: number;
  /** How often it happens. Default 1. */
  times?: number;
  /** How long a delay, a restart and the like last. Default 5. */
  seconds?: number;
}

/** A fault that is happening now. */
export type Happening = Required<Pick<Fault, 'name' | 'seconds'>>;

/** The faults that are still to come. */
export interface FaultBox {
  add(...faults: (Fault | FaultName)[]): void;
  /** The faults that happen at this place, now: each counts as having happened. */
  take(place: Place): Happening[];
  /** All that have happened, in order. */
  readonly happened: { name: FaultName; at: Place }[];
}

/** @throws Error for a fault that is not possible there */
export function createFaultBox(faults: (Fault | FaultName)[] = []): FaultBox {
  const waiting: { fault: Fault; at: readonly Place[]; skip: number; left: number }[] = [];
  const happened: FaultBox['happened'] = [];
  const box: FaultBox = {
    happened,
    add(...more) {
      for (const one of more) {
        const fault = typeof one === 'string' ? { name: one } : one;
        const at = choosePlaces(fault);
        waiting.push({ fault, at, skip: fault.after ?? 0, left: fault.times ?? 1 });
      }
    },
    take(place) {
      const now = waiting.filter(({ at, left }) => left > 0 && at.includes(place));
      return now.flatMap((one) => {
        if (one.skip > 0) {
          one.skip--;
          return [];
        }
        one.left--;
        happened.push({ name: one.fault.name, at: place });
        return [{ name: one.fault.name, seconds: one.fault.seconds ?? 5 }];
      });
    },
  };
  box.add(...faults);
  return box;
}

function choosePlaces({ name, at }: Fault): readonly Place[] {
  const kind = FAULTS[name];
  if (!kind) throw new Error(`there is no fault "${name}": ${Object.keys(FAULTS).join(', ')}`);
  const possible: readonly Place[] = kind.at;
  if (at && !possible.includes(at)) {
    throw new Error(`the fault "${name}" is possible at ${possible.join(', ')}, not at ${at}`);
  }
  if (at) return [at];
  return possible.length === REQUESTS.length ? possible : possible.slice(0, 1);
}

/** Draws faults by a seed: the same ones for the same seed. */
export function drawFaults(seed: number, count = 3): Fault[] {
  const below = makeChance(seed);
  const names = Object.keys(FAULTS) as FaultName[];
  return Array.from({ length: count }, () => {
    const name = names[below(names.length)] as FaultName;
    const places: readonly Place[] = FAULTS[name].at;
    const at = places[below(places.length)] as Place;
    return { name, at, after: below(4), times: 1 + below(2), seconds: 1 + below(60) };
  });
}

/** A seeded source of whole numbers below a bound (mulberry32). */
function makeChance(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}
