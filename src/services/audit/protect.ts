import type { Ctx } from '../../context.ts';
import { encryptField } from '../../data/encrypted-fields.ts';
import type { Stored } from '../../data/entity.ts';
import { AuditEvent } from '../../models/audit/audit-event.ts';
// The data layer finds it by its name: whoever appends has it, too.
import '../../models/crypto/data-key.ts';

/** What of an event may be personal: values, and where somebody sat. */
const PERSONAL = ['changes', 'ip'];

/**
 * Encrypts what is personal in an event, for its owner, as it is stored for good. Hashes are made of the
 * ciphertext: once the owner's key is gone, nobody reads the values, and the chain is whole.
 * @throws AppError UNAVAILABLE
 */
export async function protectValues(ctx: Ctx, event: Stored): Promise<Stored> {
  const stored = { ...event };
  for (const path of PERSONAL) {
    const value: unknown = event[path];
    if (value === undefined || value === null) delete stored[path];
    else stored[path] = await encryptField(ctx, AuditEvent, event, path, value);
  }
  return stored;
}
