import { expect } from 'vitest';
import '../../harness/place.ts';

/** Even an operator that came through would find no JavaScript to run. */
export async function noServerCode(): Promise<void> {
  const { User } = await import('../../../src/models/account/user.ts');
  const { default: mongoose } = await import('mongoose');
  const where = User.collection.find({ $where: 'sleep(2000) || true' }).toArray();
  await expect(where).rejects.toThrow(/JavaScript|scripting|\$where/i);
  expect(mongoose.get('strictQuery')).toBe('throw');
  expect(mongoose.get('sanitizeFilter')).toBe(true);
}
