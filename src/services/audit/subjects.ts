import type { Ctx } from '../../context.ts';
import { findCurrentKey, STAGE } from '../../data/data-keys.ts';
import type { Stored } from '../../data/entity.ts';
import { idText, UUID } from '../../data/ids.ts';
import { AppError } from '../../errors.ts';

/** Whose data an event tells of, under whose key its values are encrypted; null where it is nobody's. */
export type Subject = UUID | null;

/** So many keys are loaded at once. */
const AT_ONCE = 16;

/** Whose data an event tells of. */
export function getSubject({ user }: Record<string, unknown>): Subject {
  return user instanceof UUID ? user : null;
}

/** A subject as a key of maps. */
export function nameSubject(subject: Subject): string {
  return subject ? idText(subject) : STAGE;
}

/** The subjects of some events, each once. */
export function listSubjects(events: Stored[]): Subject[] {
  const all = events.map(getSubject);
  return [...new Map(all.map((subject) => [nameSubject(subject), subject])).values()];
}

/**
 * Finds the subjects whose keys are damaged, so that nothing can be encrypted for them. What is cached is not
 * loaded again.
 * @throws AppError UNAVAILABLE when keys cannot be reached: that is nobody's own fault
 */
export async function findBlocked(ctx: Ctx, subjects: Subject[]): Promise<Subject[]> {
  const blocked: Subject[] = [];
  for (let i = 0; i < subjects.length; i += AT_ONCE) {
    const some = subjects.slice(i, i + AT_ONCE);
    const open = await Promise.all(some.map((subject) => hasKey(ctx, subject)));
    blocked.push(...some.filter((_, n) => !open[n]));
  }
  return blocked;
}

async function hasKey(ctx: Ctx, subject: Subject): Promise<boolean> {
  try {
    await findCurrentKey(ctx, nameSubject(subject));
    return true;
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'UNREADABLE')) throw error;
    ctx.log.error('A data key does not open: audit entries of its subject wait.', {
      ...{ error, subject: nameSubject(subject) },
    });
    return false;
  }
}
