import { idText, type UUID } from '../../src/data/ids.ts';
import { User } from '../../src/models/account/user.ts';
import { adminCollection } from '../harness/admin.ts';

/** Stores users with these ids, of whom no more is asked than to be there: usage is of nobody else. */
export async function storeUsers(ids: UUID[]): Promise<UUID[]> {
  const users = ids.map((_id) => ({ _id, email: idText(_id), username: idText(_id) }));
  await adminCollection(User).insertMany(users, { bypassDocumentValidation: true });
  return ids;
}
