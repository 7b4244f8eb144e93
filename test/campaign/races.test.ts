import '../harness/place.ts';
import { test } from 'vitest';
import {
  makeTracksWhileTheirProjectGoes,
  moveThroughTheTrashWhileItsProjectGoes,
  restoreAtOnce,
} from '../races.ts';

test('200 times, tracks made while their project is deleted leave no orphan', () =>
  makeTracksWhileTheirProjectGoes(200));

test('100 times, 8 restores of a former file at once restore it once', () =>
  restoreAtOnce({ rounds: 100, at: 8 }));

test('50 times, tracks restored and trashed while their project ends leave nothing behind', () =>
  moveThroughTheTrashWhileItsProjectGoes(50));
