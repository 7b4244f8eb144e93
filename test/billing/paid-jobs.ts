import type { Answer, Doc, Person } from '../harness/given.ts';

const NOBODY = '00000000-0000-7000-8000-000000000000';

/** Starts a job that costs a credit, through the API. */
export function spend(
  person: Person,
  headers?: Record<string, string>,
  more: object = {},
): Promise<Answer<Doc>> {
  const body = { type: 'reprocess', input: { kind: 'TRACK', media: [NOBODY] }, ...more };
  return person.post<Doc>('/v1/jobs', body, headers);
}
