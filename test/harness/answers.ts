import { join } from 'node:path';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { inject } from 'vitest';
import { createRouter, type Route } from '../../src/api/http/route.ts';

interface Given {
  status: number;
  contentType: string;
  body: unknown;
}

/** What write-checks.ts has made of the OpenAPI document. */
interface Checks {
  problem: ValidateFunction;
  operations: {
    method: string;
    path: string;
    /**
     * By status: the content type, empty where there is no body, others that a client may prefer, and the
     * check of a body of the first.
     */
    answers: Record<string, { type: string; others: string[]; validate?: ValidateFunction }>;
  }[];
}

type Check = (method: string, path: string, given: Given) => Promise<void>;

let ready: Promise<Check> | undefined;

/**
 * Holds an answer to the OpenAPI document: its status is declared for the operation, and its body is of
 * the declared schema. Every call of the tests passes here. @throws Error saying what is not as documented
 */
export async function checkAnswer(method: string, path: string, given: Given): Promise<void> {
  ready ??= prepare();
  await (await ready)(method, path, given);
}

async function prepare(): Promise<Check> {
  const file = join(inject('contract'), 'checks.mjs');
  const { problem, operations } = (await import(file)) as Checks;
  const byOperation = new Map(operations.map((o) => [`${o.method} ${o.path}`, o.answers]));
  // It looks at their methods and paths alone.
  const find = createRouter(operations as unknown as Route[]);

  return async (method, path, { status, contentType, body }) => {
    if (method === 'HEAD') return;
    const bad = (why: string) => new Error(`${method} ${path} answered ${status}: ${why}`);
    const isTrimmed = /[?&]fields=/.test(path);
    const hold = async (validate: ValidateFunction) => {
      if (validate(body)) return;
      const errors = (validate.errors ?? []).filter((e) => !(isTrimmed && isAboutPresence(e)));
      if (errors.length > 0) throw bad(`${await textOf(errors)} in ${JSON.stringify(body)}`);
    };
    if (contentType === 'application/problem+json') await hold(problem);
    const found = find(method, path.split('?')[0] as string);
    if (!found || !('route' in found)) return;
    const { route } = found;
    const declared = byOperation.get(`${route.method} ${route.path}`)?.[status];
    if (!declared) throw bad(`a status that is not documented (${JSON.stringify(body)})`);
    const { type, others, validate } = declared;
    if (others.includes(contentType)) return;
    if (contentType !== type) throw bad(`${contentType || 'no type'} instead of ${type || 'none'}`);
    if (validate) await hold(validate);
  };
}

/** Whether a document lacks a field: `?fields=` leaves out what the schema has as required. */
function isAboutPresence({ keyword, instancePath }: ErrorObject): boolean {
  return keyword === 'required' && /^(\/data\/\d+)?$/.test(instancePath);
}

async function textOf(errors: ErrorObject[]): Promise<string> {
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  return new Ajv2020().errorsText(errors);
}
