import type { CommandStartedEvent } from 'mongodb';
import mongoose from 'mongoose';

type Command = CommandStartedEvent;

/** Every command that the driver sends while `work` runs, other than its own book-keeping. */
export async function commandsOf(work: () => Promise<unknown>): Promise<Command[]> {
  const client = mongoose.connection.getClient();
  // Otherwise there would never be any, and whatever is expected of few would hold.
  if (!client.options.monitorCommands) throw new Error('Import setup.ts before all else.');
  const commands: Command[] = [];
  const note = (event: Command) => void commands.push(event);
  client.on('commandStarted', note as never);
  try {
    await work();
  } finally {
    client.off('commandStarted', note as never);
  }
  return commands;
}

/** Where a value is found: the keys that lead to it. */
export interface Place {
  keys: string[];
  value: unknown;
}

/** Every leaf and every key of a command, with the way to it. */
export function* placesIn(value: unknown, keys: string[] = []): Generator<Place> {
  if (
    typeof value !== 'object' ||
    value === null ||
    '_bsontype' in value ||
    value instanceof Date
  ) {
    yield { keys, value };
    return;
  }
  if (value instanceof Uint8Array) return;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  if (entries.length === 0) yield { keys, value };
  for (const [key, inner] of entries) yield* placesIn(inner, [...keys, key]);
}
