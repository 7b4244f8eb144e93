import './support/setup.ts';
import { test } from 'vitest';
import {
  keysFoundAnywhere,
  magicWords,
  pollutionOverEvents,
  pollutionOverHttp,
} from './attacks/prototypes.ts';

test('A2 prototype pollution: no body, query or path reaches a prototype', () =>
  pollutionOverHttp());

test('A2 prototype pollution: no message and no object key reaches a prototype', () =>
  pollutionOverEvents());

test('A2 prototype pollution: words that libraries read off objects are plain data', () =>
  magicWords());

test('A3 key scan stops early: a forbidden key is found at depths 1 to 20, behind anything', () =>
  keysFoundAnywhere());
