import type { Events } from './events.ts';
import type { Host, Life } from './host.ts';
import type { Progress } from './progress.ts';
import type { Entry, Item } from './queue.ts';

/** A prompt while it runs. */
export interface Run {
  readonly host: Host;
  readonly life: Life;
  readonly item: Item;
  readonly events: Events;
  readonly progress: Progress;
  readonly outputs: Entry['outputs'];
  readonly meta: Entry['meta'];
  readonly executed: string[];
  /** Whether it leaves no trace in the history. */
  isForgotten: boolean;
}
