import type { SchemaDefinitionProperty } from 'mongoose';

/**
 * The words that schemas may use beside Mongoose's own. Mongoose lets a misspelt option through, so a
 * test holds every schema to this list.
 */
export const WORDS = {
  server: 'clients may read it, never write it',
  publicName: 'the name that clients know it by, where that is not the stored one',
  onDelete: 'what happens when the referred document goes',
  countedIn:
    'the number that counts it: how many documents hold this reference, in the one referred to; how often any other field changed, in the document itself',
  personal: 'what privacy export and erasure do with it: export, erase or keep',
  integer: 'a whole number',
  maxBytes: 'the most bytes of a free-form object, as JSON',
  maxItems: 'the most items of an array',
  encrypted: 'stored as ciphertext: what is in it, and what of it is shown (made by `encrypted()`)',
  description: 'what its name does not say, for the documentation: units, forms, what for',
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
    maxItems?: number;
    encrypted?: Encrypted;
    description?: string;
  }
}

/** What happens to a document when the one it refers to goes. */
export type OnDelete = 'cascade' | 'restrict' | 'unset';

/** What an encrypted field holds, and what answers show in its place. */
export interface Encrypted {
  inner: SchemaDefinitionProperty;
  shows?: 'last4';
}
