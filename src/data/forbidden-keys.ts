/**
 * Keys that reach a prototype, and those by which BSON and Mongoose recognise their own classes: no body has them.
 */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set([
  '__proto__',
  'constructor',
  'prototype',
  '_bsontype',
  'isMongooseBuffer',
]);
