import type { SchemaDefinitionProperty } from 'mongoose';

/**
 * The options that schema types may have beside Mongoose's own. Mongoose accepts any option, so a
 * test compares those of all schemas with this list.
 */
export const WORDS = {
  server: 'clients may read it, never write it',
  publicName: 'the name that clients know it by, where that is not the stored one',
  onDelete: 'what happens when the document referred to is deleted',
  countedIn:
    'the number that counts it: how many documents hold this reference, in the one referred to; how often any other field changed, in the document itself',
  personal: 'what export and erasure of a person’s data do with it, and with all that is in it',
  integer: 'a whole number',
  maxBytes: 'the most bytes of a free-form object, as JSON',
  maxItems: 'the most items of an array',
  encrypted: 'stored as ciphertext: what is in it, and what of it is shown (made by `encrypted()`)',
  description: 'what its name does not say, for the documentation: units, formats, purpose',
} as const;

declare module 'mongoose' {
  interface SchemaTypeOptions<T> {
    server?: boolean;
    publicName?: string;
    onDelete?: OnDelete;
    countedIn?: string;
    personal?: Personal;
    integer?: boolean;
    maxBytes?: number;
    maxItems?: number;
    encrypted?: Encrypted;
    description?: string;
  }
}

/**
 * What happens to a document when the one that it refers to is deleted; with `keep` nothing: it tells of
 * what has been.
 */
export type OnDelete = 'cascade' | 'restrict' | 'unset' | 'keep';

/**
 * What becomes of a field when a person asks for his data, or to be forgotten. `export`: it is about him, is
 * handed to him and erased. `erase`: it is about him and erased, but of no use to him, or a secret. `keep`:
 * it is about him and outlives him, for the reason given. `none`: it says nothing about a person.
 */
export type Personal = 'export' | 'erase' | 'none' | `keep: ${string}`;

/** The type of an encrypted field, and what answers show in place of its value. */
export interface Encrypted {
  inner: SchemaDefinitionProperty;
  shows?: 'last4';
  /** Makes the value, in clear, of a new document that has none. */
  default?: () => unknown;
}
