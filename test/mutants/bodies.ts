import type { Edits } from './edit.ts';

export const bodies: Edits = {
  'src/api/json/parse.ts': [
    {
      guarantee: 'a key that reaches a prototype is refused',
      find: 'if (isForbidden(name)) addFault',
      replace: 'if (false) addFault',
      tests: ['test/projects/projects.test.ts > not declared as JSON'],
    },
    {
      guarantee: 'a key that the database would take for an operator is refused',
      find: "else if (name.startsWith('$'))",
      replace: 'else if (false)',
      tests: ['test/api/refusals.test.ts > at each end of a deep body'],
    },
    {
      guarantee: 'such a key is refused in a dotted one, too',
      find: "key.split('.').some((part) => FORBIDDEN_KEYS.has(part))",
      replace: 'FORBIDDEN_KEYS.has(key)',
      tests: ['test/api/refusals.test.ts > at each end of a deep body'],
    },
    {
      guarantee: 'a key has no NUL',
      find: "else if (name.includes('\\0'))",
      replace: 'else if (false)',
      tests: ['test/api/refusals.test.ts > a key with NUL'],
    },
    {
      guarantee: 'a body has at most 32 levels',
      find: 'const DEEPEST = 32;',
      replace: 'const DEEPEST = 64;',
      tests: ['test/api/refusals.test.ts > 32 levels'],
    },
    {
      guarantee: 'a body has at most 1000 keys',
      find: 'const MOST_KEYS = 1000;',
      replace: 'const MOST_KEYS = 2000;',
      tests: ['test/api/refusals.test.ts > too many members'],
    },
    {
      guarantee: 'the members of an array count as keys',
      find: 'found.keys += value.length;',
      replace: '',
      tests: ['test/api/refusals.test.ts > too many members'],
    },
  ],
  'src/clip.ts': [
    {
      guarantee: 'a long path is clipped before it is joined',
      find: 'const LONGEST_PATH = 300;',
      replace: 'const LONGEST_PATH = 300_000;',
      tests: ['test/api/refusals.test.ts > long keys'],
    },
    {
      guarantee: 'at most 100 faults are told',
      find: 'export const MOST_FAULTS = 100;',
      replace: 'export const MOST_FAULTS = 1000;',
      tests: ['test/api/refusals.test.ts > at most 100 faults'],
    },
  ],
};
