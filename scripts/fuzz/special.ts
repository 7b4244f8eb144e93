import { Problem } from '../demo/problem.ts';
import type { Account } from './account.ts';
import { type Document, listOperations } from './document.ts';

/** Bodies that no schema describes, because they need a secret of this account. */
const BODIES: Record<string, (account: Account) => Promise<Record<string, unknown>>> = {
  login: async ({ email, password }) => ({ login: email, password }),
  changeEmail: async ({ email, password }) => ({ email, password }),
  changePassword: async ({ password }) => ({ currentPassword: password, newPassword: password }),
  refresh: async (account) => ({ refreshToken: (await account.signIn()).refreshToken }),
  logout: async (account) => ({ refreshToken: (await account.signIn()).refreshToken }),
};

/**
 * Makes these bodies, by operation.
 * @throws Problem for an operation that the document does not have
 */
export async function makeBodies(
  document: Document,
  account: Account,
): Promise<Record<string, Record<string, unknown>>> {
  const known = new Set(listOperations(document).map(({ operation }) => operation.operationId));
  const unknown = Object.keys(BODIES).filter((id) => !known.has(id));
  if (unknown.length > 0) {
    throw new Problem(`scripts/fuzz/special.ts names ${unknown.join(', ')}: no such operation.`);
  }
  const bodies = Object.entries(BODIES).map(async ([id, body]) => [id, await body(account)]);
  return Object.fromEntries(await Promise.all(bodies));
}
