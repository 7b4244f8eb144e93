import type { Stored } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';

/** How many documents are read at once. */
export const BATCH = 1000;

/** What is used of the driver's cursors. */
interface Cursor<T> {
  hasNext(): Promise<boolean>;
  readBufferedDocuments(): T[];
  close(): Promise<void>;
}

/** A collection that is read once, in the order of an id, beside another one in the same order. */
export interface Side<T> {
  /** Gives the documents with this id. What comes before them is passed over. */
  take(id: UUID, see: (document: T) => void): Promise<void>;
  /** The id of the next document, where it comes before this one; without one, of any that is left. */
  before(id?: UUID): Promise<UUID | undefined>;
  close(): Promise<void>;
}

/**
 * Reads a sorted cursor batch by batch. Each document is looked at once, and no query is made for each id.
 * @param path the field of the id, by which the cursor is sorted
 */
export function openSide<T>(cursor: Cursor<T>, path: keyof T & string): Side<T> {
  let batch: T[] = [];
  let at = 0;
  const idAt = () => (batch[at] as Stored)[path] as UUID;
  const isThere = async () => {
    if (at < batch.length) return true;
    at = 0;
    batch = (await cursor.hasNext()) ? cursor.readBufferedDocuments() : [];
    return batch.length > 0;
  };
  return {
    take: async (id, see) => {
      while (await isThere()) {
        // Without waiting in between, as long as there are some.
        for (; at < batch.length; at++) {
          const order = compareIds(idAt(), id);
          if (order > 0) return;
          if (order === 0) see(batch[at] as T);
        }
      }
    },
    before: async (id) => {
      if (!(await isThere())) return undefined;
      return !id || compareIds(idAt(), id) < 0 ? idAt() : undefined;
    },
    close: () => cursor.close(),
  };
}

/** Closes what was opened, also where it was not read to its end. */
export async function closeSides(sides: object): Promise<void> {
  await Promise.all((Object.values(sides) as Side<unknown>[]).map((side) => side.close()));
}

/** The order in which the database sorts ids. */
function compareIds(a: UUID, b: UUID): number {
  return Buffer.compare(a.buffer as Buffer, b.buffer as Buffer);
}
