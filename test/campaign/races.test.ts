import '../harness/place.ts';
import { test } from 'vitest';
import { makeTracksWhileTheirProjectGoes } from '../races.ts';

test('200 times, tracks made while their project is deleted leave no orphan', () =>
  makeTracksWhileTheirProjectGoes(200));
