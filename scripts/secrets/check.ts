import Joi from 'joi';
import { keySchemas, parseList } from '../../src/crypto/key-schemas.ts';
import { parseSecrets } from '../../src/providers/secrets.ts';
import { listKeys, ROTATED, type Rotated, type StoredKey } from './rotation.ts';

const rules = Joi.object(keySchemas).unknown(true);

/** The secrets, with their keys as lists; what else there is stays as it is. */
export type CheckedSecrets = Record<Rotated, StoredKey[]> & Record<string, unknown>;

/** Reads secrets by the rules that functions start with. @throws Error naming every field at fault */
export function checkSecrets(text: string, name: string): CheckedSecrets {
  const secrets = parseSecrets(text, name);
  for (const key of ROTATED) {
    if (typeof secrets[key] === 'string') secrets[key] = parseList(secrets[key]);
  }
  const { error } = rules.validate(secrets, { abortEarly: false });
  if (error) throw new Error(`${name}: ${error.details.map((d) => d.message).join('; ')}`);
  const lists = ROTATED.map((key) => [key, listKeys(secrets[key])]);
  return { ...secrets, ...Object.fromEntries(lists) };
}
