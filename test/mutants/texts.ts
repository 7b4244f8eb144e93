import type { Edits } from './edit.ts';

export const texts: Edits = {
  'src/api/resource/text.ts': [
    {
      guarantee: 'a name has something to be seen',
      find: 'if (!SHOWN.test(value))',
      replace: 'if (false)',
      tests: ['test/account/registration-rules.test.ts > wherever there are names'],
    },
    {
      guarantee: 'a text has no NUL',
      find: "value.includes('\\0') || !value.isWellFormed()",
      replace: '!value.isWellFormed()',
      tests: ['test/account/registration-rules.test.ts > of NUL is refused'],
    },
    {
      guarantee: 'a text has no half of a surrogate pair',
      find: "value.includes('\\0') || !value.isWellFormed()",
      replace: "value.includes('\\0')",
      tests: ['test/account/registration-rules.test.ts > of half of a surrogate pair is refused'],
    },
  ],
  'src/api/resource/input.ts': [
    {
      guarantee: 'a text is as long as its field allows, counted in characters',
      find: "hasAtMost(value, max) ? value : error('string.max', { limit: max })",
      replace: "hasAtMost(value, max + 1) ? value : error('string.max', { limit: max })",
      tests: ['test/projects/projects.test.ts > counts characters'],
    },
    {
      guarantee: 'a day in a body exists',
      find: '!readIsoDate(original)',
      replace: "original === ''",
      tests: ['test/api/input.test.ts'],
    },
    {
      guarantee: 'a free-form object is as large as its field allows',
      find: 'if (Buffer.byteLength(JSON.stringify(value)) > bytes) throw',
      replace: 'if (false) throw',
      tests: ['test/api/input.test.ts'],
    },
    {
      guarantee: 'what an answer shows of a secret is not taken for it',
      find: '.pattern(/^…/, { invert: true })',
      replace: '',
      tests: ['test/api/input.test.ts'],
    },
  ],
  'src/data/iso-dates.ts': [
    {
      guarantee: 'a day in a query exists',
      find: '|| midnight.getUTCDate() !== Number(day)',
      replace: '',
      tests: ['test/account/registration-rules.test.ts > a day that does not exist'],
    },
  ],
  'src/data/characters.ts': [
    {
      guarantee: 'an emoji is one character',
      find: 'return text.length <= 2 * max && [...text].length <= max;',
      replace: 'return false;',
      tests: ['test/projects/projects.test.ts > counts characters'],
    },
  ],
  'src/data/validate.ts': [
    {
      guarantee: 'the database layer checks what it stores',
      find: 'return path.validators.every((isValid) => isValid(stored)) ? stored : undefined;',
      replace: 'return stored;',
      tests: ['test/data/validate.test.ts > too long'],
    },
    {
      guarantee: 'what is required is there',
      find: 'if (path.isRequired) return undefined;',
      replace: '',
      tests: ['test/data/validate.test.ts > that is missing'],
    },
  ],
  'src/data/collection-validator.ts': [
    {
      guarantee: 'the database refuses a field that the model does not know',
      find: `bsonType: 'object',
    additionalProperties: false,
    ...(required.length > 0 && { required }),`,
      replace: `bsonType: 'object',
    ...(required.length > 0 && { required }),`,
      tests: ['test/registry.test.ts > exactly the validators and indexes'],
    },
    {
      guarantee: 'the database refuses an id that is none',
      find: 'const range = { [name]: { $gte: LOWEST, $lte: HIGHEST } };',
      replace: 'const range = { [name]: { $gte: LOWEST } };',
      tests: ['test/registry.test.ts > exactly the validators and indexes'],
    },
  ],
  'src/providers/s3-links.ts': [
    {
      guarantee: 'a file is saved under a name without slashes',
      find: ".toWellFormed().replace(/[\\\\/]/g, '_')",
      replace: '.toWellFormed()',
      tests: ['test/advisories/malformed.test.ts > no name, size, type'],
    },
    {
      guarantee: 'a file name does not end the header that it is in',
      find: `/[^\\x20-\\x7e]|["\\\\/%]/g, '_'`,
      replace: "/[^\\x20-\\x7e]|[\\\\/%]/g, '_'",
      tests: ['test/media/tracks.test.ts > a song becomes READY'],
    },
    {
      guarantee: 'a slash of another width is none in a file name',
      find: `["\\\\/%]/g, '_');`,
      replace: `["\\\\%]/g, '_');`,
      tests: ['test/advisories/malformed.test.ts > no name, size, type'],
    },
    {
      guarantee: 'an apostrophe does not end what is encoded',
      find: "/['()*]/g,",
      replace: '/[()*]/g,',
      tests: ['test/advisories/malformed.test.ts > no name, size, type'],
    },
  ],
  'src/routes/system.ts': [
    {
      guarantee: 'no page may frame the reference',
      find: `"frame-ancestors 'none'",`,
      replace: '',
      tests: ['test/api/serve.test.ts > the reference page'],
    },
    {
      guarantee: 'a token that is typed into the reference is not stored',
      find: 'persistAuthorization: false,',
      replace: 'persistAuthorization: true,',
      tests: ['test/api/serve.test.ts > the reference page'],
    },
  ],
};
