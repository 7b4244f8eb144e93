import { type Clock, hostClock } from './clock.ts';
import { type Connection, connectClient } from './connect.ts';
import { createFaultBox, type Fault, type FaultBox, type FaultName } from './faults.ts';
import { createFiles, type Files, type Model } from './files.ts';
import { beginLife, type Host, type Settings } from './host.ts';
import { listen } from './listen.ts';
import { respond } from './respond.ts';
import type { Socket } from './sockets.ts';
import { runWorker } from './worker.ts';

export { simulateClock } from './clock.ts';
export { drawFaults, FAULTS, type Fault, type FaultName } from './faults.ts';

/** A server that behaves as ComfyUI does, without any model. */
export interface ComfyUi {
  /** Its address; empty if it serves no port. */
  readonly url: string;
  /** What lies in its folders. */
  readonly files: Files;
  /** What is to go wrong, and what has. */
  readonly faults: FaultBox;
  /** Answers a request in this process, without a connection; throws as `fetch` does. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** Connects a client in this process, as `/ws?clientId=…` does. */
  connect(clientId: string, socket: Socket): Connection;
  /** Loses queue and history, and is away for so many seconds. */
  restart(seconds?: number): void;
  stop(): Promise<void>;
}

/** How a stand-in is started. */
export interface Options extends Partial<Settings> {
  /** What goes wrong, by name, or drawn from a seed by `drawFaults`. */
  faults?: (Fault | FaultName)[];
  /** 0, the default, is any free one; `false` serves none, only `fetch` and `connect`. */
  port?: number | false;
  /** Models that it pretends to have. Default none. */
  models?: Model[];
}

/** Starts a stand-in of ComfyUI on this machine. */
export async function startComfyUi(options: Options = {}): Promise<ComfyUi> {
  const { faults, port = 0, clock = hostClock as Clock, models = [], ...own } = options;
  const settings: Settings = {
    clock,
    version: '0.8.0',
    maxUpload: 100 * 1024 * 1024,
    jobs: true,
    uniqueIds: false,
    timings: {},
    ffmpeg: process.env.FFMPEG_PATH || 'ffmpeg',
    ...own,
  };
  const host = createHost(settings, createFaultBox(faults), createFiles(models));
  const served = port === false ? undefined : await listen(host, port);
  return {
    url: served?.url ?? '',
    files: host.files,
    faults: host.faults,
    fetch: async (input, init) => {
      const answered = await respond(host, new Request(input, init));
      if (!answered) throw new TypeError('fetch failed', { cause: new Error('ECONNRESET') });
      return answered;
    },
    connect: (clientId, socket) => connectClient(host, clientId, socket),
    restart: (seconds = 0) => host.restart(seconds),
    stop: async () => {
      host.life.isOver = true;
      host.life.wake();
      await served?.stop();
    },
  };
}

function createHost(settings: Settings, faults: FaultBox, files: Files): Host {
  const onRestart: (() => void)[] = [];
  const host: Host = {
    settings,
    files,
    faults,
    life: beginLife(),
    awayUntil: 0,
    onRestart: (act) => void onRestart.push(act),
    restart(seconds) {
      const { life } = host;
      life.isOver = true;
      life.sockets.closeAll();
      life.wake();
      host.awayUntil = settings.clock.now() + seconds * 1000;
      host.life = beginLife();
      void runWorker(host, host.life);
      for (const act of onRestart) act();
    },
  };
  void runWorker(host, host.life);
  return host;
}
