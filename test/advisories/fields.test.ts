import './support/setup.ts';
import { test } from 'vitest';
import { massAssignment, noOracle, noRaise, secretsByQuery } from './attacks/fields.ts';

test('A4 private fields: none can be filtered, sorted, selected or included by', () =>
  secretsByQuery());

test('A4 private fields: probing by prefix tells nothing of a secret', () => noOracle());

test('A5 mass assignment: every property a client may not write is refused by name', () =>
  massAssignment());

test('A5 mass assignment: nobody raises their own rights', () => noRaise());
