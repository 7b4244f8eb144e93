import '../advisories/support/setup.ts';
import { test } from 'vitest';
import { boundedLists, boundedReads } from '../advisories/attacks/cost.ts';
import { massAssignment, noOracle, secretsByQuery } from '../advisories/attacks/fields.ts';
import { malformedFiles, malformedRequests, noStall } from '../advisories/attacks/malformed.ts';
import { operatorsInBodies, operatorsInQueries } from '../advisories/attacks/operators.ts';
import { magicWords, pollutionOverHttp } from '../advisories/attacks/prototypes.ts';
import { guessesAtOnce, oneRefresh, sameTime } from '../advisories/attacks/sign-in.ts';
import { strangersSeeNothing } from '../advisories/attacks/strangers.ts';

// The rows of test/advisories at their full counts.
const full = { full: true };

test('A1 every payload in every input at depths 1 to 6', () => operatorsInBodies(full));
test('A1 every payload in every parameter', () => operatorsInQueries(full));
test('A2 every word that a library reads, in every free-form input', () => magicWords(full));
test('A4 every hidden field, asked for in every way', () => secretsByQuery(full));
test('A2 every pollution in every body and list', () => pollutionOverHttp(full));
test('A5 every property in every body', () => massAssignment(full));
test('A21 every dear query of every list', () => boundedLists(full));
test('A4 1,000 probes by prefix', () => noOracle(full));
test('A6 3,000 calls about what is another’s', () => strangersSeeNothing(full));
test('A12 64 uses of a refresh token, 50 rounds', () => oneRefresh(full));
test('A13 400 timings each of unknown names and wrong passwords', async () => {
  console.log(`login: ${await sameTime(full)}`);
});
test('A14 1,000 guesses at once', () => guessesAtOnce(full));
test('A19 500 names, and 400 requests with a byte changed', async () => {
  await malformedFiles(full);
  await malformedRequests(full);
});
test('A20 64 kB in each field of every operation', () => noStall(full));
test('A21 five rounds of every read', () => boundedReads(full));
