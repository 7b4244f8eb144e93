import type { Happening } from './faults.ts';
import type { Host, Life } from './host.ts';
import { NodeError } from './nodes/node-class.ts';
import type { Entry, Item } from './queue.ts';
import type { Run } from './run.ts';

/** What goes wrong while a node is at work. */
export async function disturbRun(run: Run, id: string, faults: Happening[]): Promise<void> {
  const { host, life, events, progress } = run;
  const { clock } = host.settings;
  for (const fault of faults) {
    events.disturb(fault);
    if (fault.name === 'restart') host.restart(fault.seconds);
    if (fault.name === 'forget') run.isForgotten = true;
    if (fault.name === 'interrupt') life.interrupted = true;
    if (fault.name === 'slow') await clock.sleep(fault.seconds * 1000);
    if (fault.name === 'blocked-node') tellBlocked(run, id);
    if (fault.name === 'stall') {
      while (!life.isOver && !life.interrupted) await clock.sleep(1000);
    }
    progress.throwIfInterrupted();
    if (fault.name === 'node-error') {
      throw new NodeError(
        'RuntimeError',
        'mat1 and mat2 shapes cannot be multiplied (77x768 and 4096x64)',
      );
    }
    if (fault.name === 'out-of-memory') {
      throw new NodeError(
        'torch.OutOfMemoryError',
        'Allocation on device \nThis error means you ran out of memory on your GPU.\n\nTIPS: If the workflow worked before you might have accidentally set the batch_size to a large number.',
      );
    }
  }
}

/** What goes wrong between the last node and the history. */
export async function disturbEnd(run: Run, outputs: Entry['outputs']): Promise<void> {
  const { host, events } = run;
  for (const fault of host.faults.take('finishing')) {
    events.disturb(fault);
    if (fault.name === 'restart') host.restart(fault.seconds);
    if (fault.name === 'forget') run.isForgotten = true;
    if (fault.name === 'late-history') await host.settings.clock.sleep(fault.seconds * 1000);
    if (fault.name === 'escaping-name') renameOutputs(outputs);
  }
}

/** What goes wrong with a prompt that has just been queued, or is just in the history. */
export function disturbAt(stage: 'queued' | 'finished', host: Host, life: Life, item: Item): void {
  const socket = life.sockets.find(String(item.extra.client_id));
  for (const { name, seconds } of host.faults.take(stage)) {
    if (name === 'restart') host.restart(seconds);
    if (name === 'forget') life.queue.remove(item.id);
    if (name === 'forget') life.queue.history.delete(item.id);
    if (name === 'interrupt') life.interrupted = true;
    if (name === 'drop-socket') socket?.close();
    if (name === 'silent-socket') socket?.fallSilent();
  }
}

function renameOutputs(outputs: Entry['outputs']): void {
  for (const lists of Object.values(outputs)) {
    for (const list of Object.values(lists)) {
      if (!Array.isArray(list)) continue;
      for (const file of list) {
        if (typeof file !== 'object' || file === null || !('filename' in file)) continue;
        Object.assign(file, { filename: '../../../etc/passwd', subfolder: '../..' });
      }
    }
  }
}

// An error that a node reports without ending the prompt: an ExecutionBlocker.
function tellBlocked({ events, item, executed }: Run, id: string): void {
  events.tell('execution_error', {
    prompt_id: item.id,
    node_id: id,
    node_type: item.graph[id]?.class_type,
    executed,
    exception_message: 'Execution Blocked: blocked by a switch',
    exception_type: 'ExecutionBlocked',
    traceback: [],
    current_inputs: [],
    current_outputs: [],
  });
}
