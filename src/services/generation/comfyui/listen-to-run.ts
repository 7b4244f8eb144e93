import type { WebSocket } from 'ws';
import type { RunReport } from './report-run.ts';
import { type RunEvent, readEvent } from './socket-events.ts';

/** A socket that neither sends nor answers a ping for so long is dead, whatever TCP says; in ms. */
const SILENCE = 10_000;
/** How long after its success a run may take to tell that it has ended, in ms. */
const GRACE = 2_000;

/** Listens to a run's progress on a pod's websocket, until it has ended, or the socket is closed or falls silent. */
export async function listenToRun(
  socket: WebSocket,
  promptId: string,
  report: Pick<RunReport, 'tell' | 'isOver'>,
  silence = SILENCE,
): Promise<'ENDED' | 'CLOSED'> {
  const { promise, resolve } = Promise.withResolvers<'ENDED' | 'CLOSED'>();
  let isHeard = true;
  const watch = setInterval(() => {
    if (!isHeard) return socket.terminate();
    isHeard = false;
    socket.ping();
    // Its last event may have been lost.
    report.isOver().then(
      (isOver) => isOver && resolve('ENDED'),
      () => socket.terminate(),
    );
  }, silence);
  watch.unref();
  socket.on('pong', () => {
    isHeard = true;
  });
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    isHeard = true;
    let event: RunEvent | null;
    try {
      event = readEvent(data, isBinary, promptId);
    } catch {
      // Thrown in a listener it would end the process. The run is asked for, as where a pod has no sockets.
      return socket.terminate();
    }
    if (event?.is === 'ENDED') resolve('ENDED');
    else if (event?.is === 'ENDING') setTimeout(resolve, GRACE, 'ENDED').unref();
    else if (event) report.tell(event);
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', () => resolve('CLOSED'));
  socket.send(JSON.stringify({ type: 'feature_flags', data: { supports_preview_metadata: true } }));
  try {
    return await promise;
  } finally {
    clearInterval(watch);
    socket.terminate();
  }
}
