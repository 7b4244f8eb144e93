import { canonicalJson } from '../../canonical-json.ts';
import type { Ctx } from '../../context.ts';
import { exportPublicKey, isTextSigned, signText } from '../../crypto/ed25519.ts';
import { hashText } from '../../crypto/hash.ts';
import { idText, parseId } from '../../data/ids.ts';
import type { Head } from './entry.ts';
import { findKey, type SigningKey } from './keys.ts';

/** Where all chains ended at a moment, as it is stored where nobody can change it. */
export interface Checkpoint {
  /** The key of the object. */
  name: string;
  /** By the database's clock. */
  at: Date;
  heads: Head[];
  /** The checkpoint before, and the SHA-256 of its text. */
  previous?: { name: string; hash: string };
  /** The log was restored from a backup: what the checkpoints before say is not in it any more. */
  isRestored: boolean;
}

/** Writes a checkpoint with its signature (Ed25519 over the canonical JSON). */
export function writeCheckpoint(
  key: SigningKey,
  { name, at, heads, previous, isRestored }: Checkpoint,
): string {
  const checkpoint = {
    ...{ format: 1, name, at: at.toISOString(), heads },
    ...(previous && { previous }),
    ...(isRestored && { isRestored }),
    ...{ key: idText(key.id), publicKey: exportPublicKey(key.checkpoints) },
  };
  const signature = signText(key.checkpoints, canonicalJson(checkpoint));
  return `${JSON.stringify({ checkpoint, signature }, null, 1)}\n`;
}

/** Reads what `writeCheckpoint` wrote under this name; undefined when it is anything else. */
export async function readCheckpoint(
  ctx: Ctx,
  name: string,
  text: string,
): Promise<Checkpoint | undefined> {
  const { checkpoint, signature } = parse(text);
  const id = typeof checkpoint?.key === 'string' ? parseId(checkpoint.key) : undefined;
  const key = id && (await findKey(ctx, id));
  if (!key || typeof signature !== 'string' || checkpoint?.name !== name) return undefined;
  if (!isTextSigned(key.checkpoints, canonicalJson(checkpoint), signature)) return undefined;
  // Signed by us: it has the form that we wrote.
  const { at, heads, previous, isRestored } = checkpoint as unknown as Written;
  return {
    ...{ name, at: new Date(at), heads, isRestored: isRestored === true },
    ...(previous && { previous }),
  };
}

type Written = Omit<Checkpoint, 'at'> & { at: string };

function parse(text: string): { checkpoint?: Record<string, unknown>; signature?: unknown } {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {}; // no JSON: none of ours
  }
}

/** What the next checkpoint says of this one. */
export function linkTo(name: string, text: string) {
  return { name, hash: hashText(text) };
}
