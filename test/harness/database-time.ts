import { database } from '../../src/data/connection.ts';

/** The time of the database, in ms: what a date is made of that a test stores and the product judges. */
export async function readDatabaseTime(): Promise<number> {
  const { localTime } = await database().command({ hello: 1 });
  return (localTime as Date).getTime();
}
