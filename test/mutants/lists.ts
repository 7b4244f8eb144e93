import type { Edits } from './edit.ts';

export const lists: Edits = {
  'src/api/resource/etag.ts': [
    {
      guarantee: 'If-Match names versions',
      find: 'return version === undefined ? [] : [Number(version)];',
      replace: 'return version === undefined ? [2] : [Number(version)];',
      tests: ['test/projects/projects.test.ts > a stale If-Match'],
    },
    {
      guarantee: 'If-None-Match is compared weakly',
      find: ".replace(/^W\\//, '')",
      replace: '',
      tests: ['test/projects/projects.test.ts > answers an ETag'],
    },
    {
      guarantee: 'an ETag shows what changes without a new version',
      find: '...(entity.options.unversioned ?? [])',
      replace: '',
      tests: ['test/data/references.test.ts > a changed count changes the ETag'],
    },
    {
      guarantee: 'an ETag shows what is included',
      find: 'const digest = body && hashText(body).slice(0, 16);',
      replace: "const digest = '';",
      tests: ['test/api/include.test.ts > ETag'],
    },
  ],
  'src/api/resource/patch.ts': [
    {
      guarantee: 'a PATCH under an old ETag writes nothing',
      find: 'const guarded = versions ? { ...filter, version: { $in: versions } } : filter;',
      replace: 'const guarded = filter;',
      tests: ['test/projects/projects.test.ts > a stale If-Match'],
    },
    {
      guarantee: 'merges at once are all applied',
      find: 'const where = { ...filter, version: current.version };',
      replace: 'const where = { ...filter };',
      tests: ['test/account/settings.test.ts > 64 merge patches'],
    },
    {
      guarantee: 'a free-form object does not grow beyond its size patch by patch',
      find: 'if (maxBytes !== undefined && Buffer.byteLength(JSON.stringify(value)) > maxBytes) {',
      replace: 'if (false) {',
      tests: ['test/account/settings.test.ts > patch by patch'],
    },
    {
      guarantee: 'a PATCH that others keep from writing gives up',
      find: 'const TRIES = 20;',
      replace: 'const TRIES = 40;',
      tests: ['test/api/patch.test.ts > after 20 tries'],
    },
    {
      guarantee: 'a PATCH gives up while there is time to answer',
      find: 'now + pause > ctx.deadline - RESERVE',
      replace: 'false',
      tests: ['test/api/patch.test.ts > no time left'],
    },
    {
      guarantee: 'null removes a member',
      find: `if (value === null) delete result[name];
    else`,
      replace: '',
      tests: ['test/account/settings.test.ts > a merge patch changes what it names'],
    },
  ],
  'src/api/resource/cursor.ts': [
    {
      guarantee: 'a cursor is valid only unchanged',
      find: 'if (keys.all().some(isOurs)) {',
      replace: 'if (keys.all().length > 0) {',
      tests: ['test/projects/projects.test.ts > a cursor is valid'],
    },
    {
      guarantee: 'a cursor is valid only for its own list, filter, sort and user',
      find: '`${scope}\\n${payload}`',
      replace: 'payload',
      tests: ['test/projects/projects.test.ts > a cursor is valid'],
    },
  ],
  'src/api/resource/list.ts': [
    {
      guarantee: 'a page has at most 100 documents',
      find: 'limit >= 1 && limit <= 100',
      replace: 'limit >= 1 && limit <= 101',
      tests: ['test/projects/projects.test.ts > a page has 1 to 100'],
    },
    {
      guarantee: 'a page has at least one',
      find: 'limit >= 1 && limit <= 100',
      replace: 'limit <= 100',
      tests: ['test/projects/projects.test.ts > a page has 1 to 100'],
    },
    {
      guarantee: 'a filter takes at most 20 values',
      find: 'const MOST_IN = 20;',
      replace: 'const MOST_IN = 100;',
      tests: ['test/api/lists/refusals.test.ts > 20 values'],
    },
    {
      guarantee: 'what no index serves is refused',
      find: 'if (!fit && faults.length === 0)',
      replace: 'if (false)',
      tests: ['test/projects/projects.test.ts > any other filter or sort'],
    },
    {
      guarantee: 'a list shows what its rule allows',
      find: 'const base = { ...equals, ...one };',
      replace: 'const base = { ...equals };',
      tests: ['test/projects/projects.test.ts > exactly like a missing one'],
    },
    {
      guarantee: 'paging loses nothing where sort values are equal',
      find: '{ ...base, [sort]: at, _id: { [beyond]: new UUID(id) } },',
      replace: '',
      tests: ['test/projects/projects.test.ts > exactly once while others are added'],
    },
    {
      guarantee: 'a range bounds each page',
      find: '[sort]: { ...range, [beyond]: tightenBound(range[beyond], at, direction) }',
      replace: '[sort]: { [beyond]: at }',
      tests: ['test/projects/projects.test.ts > a range of createdAt'],
    },
    {
      guarantee: 'a range is of the field that is sorted by',
      find: 'RANGES.has(operator) && field === sort',
      replace: 'RANGES.has(operator)',
      tests: ['test/api/lists/refusals.test.ts > a range is taken'],
    },
  ],
  'src/api/resource/include.ts': [
    {
      guarantee: 'at most 100 children of a document are included',
      find: 'const MOST = 100;',
      replace: 'const MOST = 101;',
      tests: ['test/api/include.test.ts > exactly as many children'],
    },
    {
      guarantee: 'at most 2000 are in one answer',
      find: 'const MOST_IN_ALL = 2000;',
      replace: 'const MOST_IN_ALL = 4000;',
      tests: ['test/api/include.test.ts > never more than 2000'],
    },
    {
      guarantee: 'an include is offered by its route',
      find: 'if (!allowed.includes(first) || third !== undefined) {',
      replace: 'if (third !== undefined) {',
      tests: ['test/api/include.test.ts > nothing deeper'],
    },
    {
      guarantee: 'an include goes two levels deep',
      find: '|| third !== undefined) {',
      replace: ') {',
      tests: ['test/api/include.test.ts > nothing deeper'],
    },
  ],
  'src/api/resource/fields.ts': [
    {
      guarantee: 'only fields that there are can be asked for',
      find: 'if (unknown.length > 0) {',
      replace: 'if (false) {',
      tests: ['test/projects/projects.test.ts > only the fields asked for'],
    },
  ],
  'src/api/resource/put-document.ts': [
    {
      guarantee: 'a cursor is there only where there are more children',
      find: 'if (shown < begins.length) {',
      replace: 'if (shown <= begins.length) {',
      tests: ['test/api/include.test.ts > exactly as many children'],
    },
  ],
};
