import './support/setup.ts';
import { test } from 'vitest';
import {
  malformedFiles,
  malformedRequests,
  malformedTransfers,
  noStall,
  pathsAreNoMedia,
} from './attacks/malformed.ts';

test('A19 bad file requests: no name, size, type or checksum breaks anything', () =>
  malformedFiles());

test('A19 bad file requests: no range and no length breaks anything', () => malformedTransfers());

test('A19 bad file requests: no bytes on the wire break anything', () => malformedRequests());

test('A20 stalled event loop: 64 kB of the worst in each header, field and parameter', () =>
  noStall());

test('A24 a path as a medium: refused where an id belongs, harmless as a name', () =>
  pathsAreNoMedia());
