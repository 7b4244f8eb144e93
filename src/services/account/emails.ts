import { domainToASCII } from 'node:url';
import Joi from 'joi';
import { hasUnseen } from '../../data/characters.ts';

/** Nothing that a URL would read as more than a name. */
const LABELS = /^[\p{L}\p{M}\p{N}.-]+$/u;
const MOST = 255;

// An address as RFC 5321 has it, without quoted local parts; any top-level domain.
const address = Joi.string().email({ tlds: { allow: false }, minDomainSegments: 2 });

/**
 * An email address in the one form in which addresses are stored and compared: composed characters
 * (NFKC), lower case, an international domain in its ASCII form. Undefined when it is no address.
 */
export function normalizeEmail(text: string): string | undefined {
  const email = text.normalize('NFKC').trim().toLowerCase();
  const at = email.lastIndexOf('@');
  if (at < 1 || hasUnseen(email)) return undefined;
  const labels = email.slice(at + 1);
  const domain = LABELS.test(labels) ? domainToASCII(labels) : '';
  const normalized = `${email.slice(0, at)}@${domain}`;
  if (!domain || normalized.length > MOST) return undefined;
  return address.validate(normalized).error ? undefined : normalized;
}
