import Joi from 'joi';
import { expect, onTestFinished, test, vi } from 'vitest';
import { checkBody } from '../../src/api/http/check-body.ts';
import { parseJson } from '../../src/api/json/parse.ts';
import { AppError, invalid, invalidQuery } from '../../src/errors.ts';

const MB = 1024 * 1024;

/** The error that this throws, and how many characters it holds. */
function refusalOf(work: () => unknown): { error: AppError; characters: number } {
  try {
    work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const texts = (error.errors ?? []).flatMap(({ path, message }) => [path, message]);
    return { error, characters: [error.message, ...texts].join('').length };
  }
  throw new Error('It was not refused.');
}

/** Counts the names of members that are listed, and the characters that are joined, from now on. */
function countWork() {
  const counts = { names: 0, joined: 0 };
  const { keys } = Object;
  const { join } = Array.prototype;
  const spies = [
    vi.spyOn(Object, 'keys').mockImplementation((value) => {
      const names = keys(value);
      counts.names += names.length;
      return names;
    }),
    vi.spyOn(Array.prototype, 'join').mockImplementation(function (this: unknown[], by?: string) {
      const text = join.call(this, by);
      counts.joined += text.length;
      return text;
    }),
  ];
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore();
  });
  return counts;
}

/** Objects in each other under long keys, with 900 forbidden ones at the bottom. */
function nestLongKeys(levels: number): string {
  const key = 'k'.repeat(Math.floor((0.9 * MB) / levels));
  const many = Array.from({ length: 900 }, (_, n) => `"$${n}":1`).join();
  return `${`{"${key}":`.repeat(levels)}{${many}}${'}'.repeat(levels)}`;
}

test.each([1, 8, 31])('long keys, %i in each other, make no long error', (levels) => {
  const body = nestLongKeys(levels);
  const counts = countWork();
  const { error, characters } = refusalOf(() => parseJson(body));
  expect(error).toMatchObject({ code: 'VALIDATION_FAILED', errors: { length: 100 } });
  expect(error.errors?.every(({ path }) => path.length <= 300)).toBe(true);
  expect(characters).toBeLessThan(100_000);
  expect(counts.joined).toBeLessThan(100_000);
});

test.each([
  ['object', `{${Array.from({ length: 50_000 }, (_, n) => `"$${n}":{"$a":1}`).join()}}`],
  ['array', `[${Array(500_000).fill(1).join()}]`],
  ['array of objects', `[${Array(50_000).fill('{"$a":1,"$b":2}').join()}]`],
  [
    'object of arrays',
    `{${Array.from({ length: 9 }, (_, n) => `"${n}":[${Array(9000).fill('[1]')}]`)}}`,
  ],
])('of an %s with too many members no more are looked at than are allowed', (_what, body) => {
  const counts = countWork();
  const { error, characters } = refusalOf(() => parseJson(body));
  expect(error.errors?.[0]).toEqual({ path: '', message: 'has over 1000 keys' });
  expect(characters).toBeLessThan(100_000);
  // JSON.parse has made the names; those of the largest object are listed once.
  expect(counts.names).toBeLessThanOrEqual(body.startsWith('{"$') ? 50_000 : 2000);
});

test('a fault at each end of a deep body is told, with the path to it', () => {
  const { error } = refusalOf(() =>
    parseJson('{"a":[{"$x":1},{"b":{"__proto__":{}}}],"c":{"d.constructor":1}}'),
  );
  expect(error.errors?.map((e) => e.path)).toEqual([
    'a.0.$x',
    'a.1.b.__proto__',
    'c.d.constructor',
  ]);
});

test('what a schema refuses under a long key is told once each, and shortly', () => {
  const schema = Joi.object().pattern(Joi.string(), Joi.array().items(Joi.number().strict()));
  const body = { ['k'.repeat(MB)]: Array(900).fill('x') };
  const counts = countWork();
  const { error, characters } = refusalOf(() => checkBody(schema, body));
  expect(error.errors).toHaveLength(100);
  expect(characters).toBeLessThan(100_000);
  expect(counts.joined).toBeLessThan(200_000);
});

test('an error shows at most 100 faults, each clipped before they are joined', () => {
  const faults = Array.from({ length: 5000 }, () => ({
    path: 'p'.repeat(MB),
    message: 'm'.repeat(MB),
  }));
  const counts = countWork();
  for (const make of [invalid, invalidQuery]) {
    const error = make(faults);
    expect(error.errors).toHaveLength(100);
    expect(error.message.length).toBeLessThan(150_000);
  }
  expect(counts.joined).toBeLessThan(300_000);
});

test('a body has at most 32 levels', () => {
  const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
  expect(parseJson(nested(32))).toBeTypeOf('object');
  const { error } = refusalOf(() => parseJson(nested(33)));
  expect(error.errors).toMatchObject([{ message: 'is nested deeper than 32 levels' }]);
});

test('a key with NUL in it is refused', () => {
  const { error } = refusalOf(() => parseJson('{"a":{"b\\u0000":1}}'));
  expect(error.errors).toMatchObject([{ path: 'a.b\0', message: 'a key may not hold NUL' }]);
});
