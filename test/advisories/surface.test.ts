import './support/few-calls.ts';
import './support/setup.ts';
import { test } from 'vitest';
import {
  callsAMinute,
  closedSchemas,
  everyAnswer,
  exactOrigins,
  limitsOfRequests,
  noAmplification,
  noPasswordInRecords,
} from './attacks/surface.ts';

test('API3 property level: no answer’s schema leaves room for fields that it does not name', () =>
  closedSchemas());

test('API4 resource use: body ≤ 1 MB, depth ≤ 32, keys ≤ 1,000, page ≤ 100, head ≤ 16 kB', () =>
  limitsOfRequests());

test('API4 resource use: a small request gets no large answer', () => noAmplification());

test('API4 resource use: beyond its calls a minute an address gets 429 with Retry-After', () =>
  callsAMinute());

test('API8 misconfiguration: CORS names exactly the configured origins', () => exactOrigins());

test('API8 misconfiguration: every answer has its headers, no problem shows internals', () =>
  everyAnswer());

test('API8 misconfiguration: what is kept of a request does not tell its password', () =>
  noPasswordInRecords());
