import './support/setup.ts';
import { test } from 'vitest';
import { operatorsInBodies, operatorsInQueries } from './attacks/operators.ts';
import { noServerCode } from './attacks/server-code.ts';

test('A1 NoSQL operators in values: in a body each is refused, and none reaches the server', () =>
  operatorsInBodies());

test('A1 NoSQL operators in values: in queries, paths and headers none is one', () =>
  operatorsInQueries());

test('A1 NoSQL operators in values: the server runs no JavaScript', () => noServerCode());
