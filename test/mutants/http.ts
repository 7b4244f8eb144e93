import type { Edits } from './edit.ts';

export const http: Edits = {
  'src/api/http/http.ts': [
    {
      guarantee: 'a body has at most 1 MiB',
      find: 'const LARGEST_BODY = 1024;',
      replace: 'const LARGEST_BODY = 4096;',
      tests: ['test/api/limits.test.ts > before it is known who sends it'],
    },
    {
      guarantee: 'without an account a body has at most 16 KiB',
      find: 'const LARGEST_OPEN_BODY = 16;',
      replace: 'const LARGEST_OPEN_BODY = 17;',
      tests: ['test/api/limits.test.ts > open to all takes 16 KiB'],
    },
    {
      guarantee: 'an unknown parameter is refused',
      find: 'if (!parameter) {',
      replace: 'if (false) {',
      tests: ['test/api/serve.test.ts > documented query parameter once'],
    },
    {
      guarantee: 'a parameter is given once',
      find: "else if (before !== undefined && parameter.schema?.type !== 'array') {",
      replace: 'else if (false) {',
      tests: ['test/api/serve.test.ts > documented query parameter once'],
    },
    {
      guarantee: 'a parameter has no NUL',
      find: "else if (value.includes('\\0'))",
      replace: 'else if (false)',
      tests: ['test/api/serve.test.ts > documented query parameter once'],
    },
    {
      guarantee: 'a body is declared as JSON',
      find: 'if (!/^application\\/(json|merge-patch\\+json)\\s*(;|$)/i.test(type)) {',
      replace: 'if (!/^application\\//i.test(type)) {',
      tests: ['test/projects/projects.test.ts > not declared as JSON'],
    },
    {
      guarantee: 'a malformed request id is not taken over',
      find: 'given && /^[\\w.:-]{1,128}$/.test(given) ?',
      replace: 'given ?',
      tests: ['test/api/serve.test.ts > carries the request id'],
    },
  ],
  'src/api/http/cors.ts': [
    {
      guarantee: 'only pages of the configured origins may read an answer',
      find: '!isAllowed(origin)',
      replace: "origin === ''",
      tests: ['test/api/serve.test.ts > configured origins only'],
    },
    {
      guarantee: 'only they are told what they may send',
      find: "if (!headers['access-control-allow-origin']) return headers;",
      replace: '',
      tests: ['test/api/serve.test.ts > CORS preflight'],
    },
  ],
  'src/api/http/base-headers.ts': [
    {
      guarantee: 'a browser does not guess what an answer is',
      find: "'x-content-type-options': 'nosniff',",
      replace: '',
      tests: ['test/api/serve.test.ts > is problem details'],
    },
  ],
  'src/api/http/serve.ts': [
    {
      guarantee: 'what is personal is not cached',
      find: "...(route.personal !== false && { 'cache-control': 'no-store' }),",
      replace: '',
      tests: ['test/projects/projects.test.ts > answers an ETag'],
    },
    {
      guarantee: 'a call of an address is counted',
      find: 'countCall(ctx);',
      replace: '',
      tests: ['test/advisories/surface.test.ts > API4 resource use'],
    },
  ],
  'src/api/http/problems.ts': [
    {
      guarantee: 'what went wrong inside is not told',
      find: "'An internal error occurred.'",
      replace: 'String(thrown)',
      tests: ['test/api/serve.test.ts > no detail of what it was'],
    },
    {
      guarantee: 'an outage of the database is no error of ours',
      find: 'if (isOutage(thrown) || isUnavailable(thrown)) {',
      replace: 'if (isUnavailable(thrown)) {',
      tests: ['test/api/serve.test.ts > too busy'],
    },
    {
      guarantee: 'a refusal says when trying again makes sense',
      find: "...(error.retryAfter !== undefined && { 'retry-after': String(Math.ceil(error.retryAfter)) }),",
      replace: '',
      tests: ['test/api/serve.test.ts > Retry-After'],
    },
  ],
  'src/api/http/route.ts': [
    {
      guarantee: 'a path holds an id or nothing',
      find: "name === 'id' ? !ID_FORM.test(value) :",
      replace: "name === 'id' ? false :",
      tests: ['test/api/serve.test.ts > has one address'],
    },
  ],
  'src/api/http/ip-rate-limit.ts': [
    {
      guarantee: 'an address has so many calls a minute',
      find: 'createCallCounter(config.callsPerMinute)',
      replace: 'createCallCounter(config.callsPerMinute + 1)',
      tests: ['test/api/limits.test.ts > each address has its own'],
    },
    {
      guarantee: 'each address has its own',
      find: 'counter.countCall(readNetwork(ip));',
      replace: "counter.countCall(readNetwork(ip && ''));",
      tests: ['test/api/limits.test.ts > each address has its own'],
    },
  ],
  'src/api/events/serve-events.ts': [
    {
      guarantee: 'a message that failed comes again',
      find: 'throw error;',
      replace: '',
      tests: ['test/api/serve.test.ts > only the message that failed'],
    },
    {
      guarantee: 'a message that was handled does not',
      find: 'throwOnFullBatchFailure: false',
      replace: 'throwOnFullBatchFailure: true',
      tests: ['test/api/serve.test.ts > each message when all failed'],
    },
    {
      guarantee: 'an event that nobody understands is not lost without notice',
      find: "throw new Error('This is no S3 event notification');",
      replace: 'return;',
      tests: ['test/uploads/arrivals.test.ts > of another shape fails'],
    },
    {
      guarantee: 'an event of another kind is not taken for an upload',
      find: 'if (!/^(s3:)?ObjectCreated:/.test(eventName)) continue;',
      replace: '',
      tests: ['test/uploads/arrivals.test.ts > unknown object is skipped'],
    },
  ],
};
