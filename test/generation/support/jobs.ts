import { UUID } from '../../../src/data/ids.ts';
import { Job } from '../../../src/models/jobs/job.ts';
import { type Doc, given, type Person } from '../../harness/given.ts';
import type { Driver } from './drive.ts';

const ENDS = ['COMPLETED', 'FAILED', 'CANCELLED'];

/** Works until a job has ended. @throws Error when it does not */
export async function endJob(driver: Driver, person: Person, id: string): Promise<Doc> {
  for (let i = 0; i < 20_000; i++) {
    const job = await Job.collection.findOne({ _id: new UUID(id) });
    if (ENDS.includes(job?.status as string)) break;
    await driver.step();
  }
  return (await person.get(`/v1/jobs/${id}`)).body;
}

/** Somebody with so many credits. */
export async function givenRich(credits = 100): Promise<Person> {
  const [person, admin] = [await given.user(), await given.admin()];
  const grant = { user: person.id, amount: credits, reason: 'A test.' };
  const { status, text } = await admin.post('/v1/credits/grants', grant);
  if (status !== 201) throw new Error(text);
  return person;
}

/** The credits of an account, and how many of them are held. */
export async function readBalance(person: Person): Promise<{ balance: number; held: number }> {
  const { body } = await person.get<{ balance: number; held: number }>('/v1/credits');
  return { balance: body.balance, held: body.held };
}
