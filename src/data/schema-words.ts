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
  personal: 'what privacy export and erasure do with it: export, erase or keep',
  integer: 'a whole number',
  maxBytes: 'the most bytes of a free-form object, as JSON',
  anyJson: 'a JSON value of any type, where a free-form one is an object',
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
    personal?: 'export' | 'erase' | 'keep';
    integer?: boolean;
    maxBytes?: number;
    anyJson?: boolean;
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

/** The type of an encrypted field, and what answers show in place of its value. */
export interface Encrypted {
  inner: SchemaDefinitionProperty;
  shows?: 'last4';
}
