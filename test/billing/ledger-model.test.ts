import '../harness/place.ts';
import { test } from 'vitest';
import { place } from '../harness/place.ts';
import { followModel } from './ledger-model.ts';

place({ worker: false });

test('whatever happens in whatever order, an account is what a model of it says', () =>
  followModel(15, 12));
