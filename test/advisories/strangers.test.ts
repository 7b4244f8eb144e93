import './support/setup.ts';
import { test } from 'vitest';
import {
  adminsOnly,
  nobodyGetsIn,
  strangersMarkNothing,
  strangersReuseNothing,
  strangersSeeNothing,
} from './attacks/strangers.ts';

test('A6 IDOR: a stranger’s id reads as one that does not exist, in every operation', () =>
  strangersSeeNothing());

test('A6 IDOR: cursors, keys, links and includes are of no use to another', () =>
  strangersReuseNothing());

test('A6 IDOR: what refers to a stranger’s document does not tell that it is there', () =>
  strangersMarkNothing());

test('A7 credentials with less rights: what is for administrators refuses users', () =>
  adminsOnly());

test('A7 credentials with less rights: without a token every closed operation answers 401', () =>
  nobodyGetsIn());
