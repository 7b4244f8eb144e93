import type { Edits } from './edit.ts';

export const access: Edits = {
  'src/rules.ts': [
    {
      guarantee: "what is one's own is nobody else's",
      find: '? { user: actor.id } : undefined',
      replace: '? {} : undefined',
      tests: ['test/uploads/uploads.test.ts > by another user'],
    },
    {
      guarantee: 'what is for administrators is for nobody else',
      find: "(actor.kind === 'ADMIN' ? {} : undefined);",
      replace: '({});',
      tests: ['test/registry.test.ts > equals openapi.json'],
    },
    {
      guarantee: 'of what administrators read all of, others read their own',
      find: "(actor.kind === 'ADMIN' ? {} : owner(actor))",
      replace: '({})',
      tests: ['test/audit/audit-events.test.ts > no event of another'],
    },
    {
      guarantee: "what is not shared is its owner's alone",
      find: '{ ...own, [field]: false }',
      replace: '{ [field]: false }',
      tests: ['test/generation/comfyui.test.ts > exactly like a missing one'],
    },
    {
      guarantee: "one's own account is that of the token",
      find: '? { _id: actor.id } : undefined',
      replace: '? {} : undefined',
      tests: ['test/account/users.test.ts > the account that is their own'],
    },
  ],
  'src/api/resource/verbs.ts': [
    {
      guarantee: 'what a path names is narrowed by the rule',
      find: '...applyRule(rule, ctx.actor), _id: new UUID',
      replace: '_id: new UUID',
      tests: ['test/projects/projects.test.ts > exactly like a missing one'],
    },
    {
      guarantee: 'what is created belongs to who creates it, whatever else is stored of it',
      find: '...own, ...applyRule(rule, ctx.actor) };',
      replace: '...own };',
      tests: ['test/projects/projects.test.ts > answers 201 with Location'],
    },
    {
      guarantee: 'a PATCH heeds If-Match',
      find: 'readIfMatch(request.ifMatch));',
      replace: 'undefined);',
      tests: ['test/projects/projects.test.ts > a stale If-Match'],
    },
    {
      guarantee: 'a DELETE heeds If-Match',
      find: 'const guarded = versions ? { ...filter, version: { $in: versions } } : filter;',
      replace: 'const guarded = filter;',
      tests: ['test/projects/projects.test.ts > DELETE under a stale'],
    },
  ],
  'src/data/read.ts': [
    {
      guarantee: 'one document is read by its id for its owner alone',
      find: 'return bytes && others.every(([path, id]) => isIdAt(bytes, path, id as UUID)) ? bytes : undefined;',
      replace: 'return bytes;',
      tests: ['test/data/read.test.ts > only for its owner'],
    },
  ],
  'src/api/http/serve.ts': [
    {
      guarantee: 'without a token nothing is done for a user',
      find: "if (route.access !== 'anyone') {",
      replace: "if (route.access === 'admin') {",
      tests: ['test/projects/projects.test.ts > without a valid token'],
    },
    {
      guarantee: 'what is for administrators is refused to others before anything else',
      find: "if (route.access === 'admin' && ctx.actor.kind !== 'ADMIN') {",
      replace: 'if (false) {',
      tests: ['test/maintenance/retention.test.ts > a document for administrators'],
    },
  ],
  'src/api/http/read-standing.ts': [
    {
      guarantee: 'a session that has expired is refused',
      find: ", ...isToCome(ctx, 'expiresAt') }",
      replace: ' }',
      tests: ['test/account/auth.test.ts > once it has expired'],
    },
  ],
  'src/api/http/authenticate.ts': [
    {
      guarantee: 'a session of former credentials is refused',
      find: '|| !isCurrent(found, owner)',
      replace: '',
      tests: ['test/account/former-credentials.test.ts > while they are still there'],
    },
    {
      guarantee: 'an ended session is refused within 5 s',
      find: 'const CACHED = 4000;',
      replace: 'const CACHED = 60_000;',
      tests: ['test/account/sessions.test.ts > refused within 5 s'],
    },
    {
      guarantee: 'a suspended account is refused',
      find: '!owner?.isActive ||',
      replace: '!owner ||',
      tests: [
        'test/account/ending-sessions.test.ts > suspending it',
        'test/account/auth.test.ts > suspended',
      ],
      survives:
        'Suspending raises the version of the credentials in the same transaction, so that the next check refuses these sessions already.',
    },
    {
      guarantee: 'an administrator who is none any longer has no such rights',
      find: "found.isAdmin ? 'ADMIN' : 'USER'",
      replace: "found ? 'ADMIN' : 'USER'",
      tests: ['test/account/users.test.ts > other accounts are for administrators'],
    },
  ],
  'src/api/resource/include.ts': [
    {
      guarantee: 'an include shows only what its reader may read',
      find: '{ $match: getReaders(r.to)(actor) ?? { _id: null } }',
      replace: '{ $match: {} }',
      tests: ['test/api/include.test.ts > may not read'],
    },
  ],
  'src/data/references.ts': [
    {
      guarantee: "a reference to somebody else's document is refused like one to none",
      find: 'const one = { ...filter, _id: id, ...ALIVE };',
      replace: 'const one = { _id: id, ...ALIVE };',
      tests: ['test/projects/projects.test.ts > a reference to another user'],
    },
    {
      guarantee: 'that a parent was found for its owner lets nobody else refer to it',
      find: "`${'id' in ctx.actor && idText(ctx.actor.id)} ${to.name} ${idText(id)}`",
      replace: '`${to.name} ${idText(id)}`',
      tests: ['test/data/late-children.test.ts > lets nobody else refer to it'],
    },
  ],
  'src/api/resource/input.ts': [
    {
      guarantee: "a client cannot write what is the server's",
      find: 'return !field.server && !field.hidden',
      replace: 'return !field.hidden',
      tests: ['test/projects/projects.test.ts > unknown fields and those owned by the server'],
    },
    {
      guarantee: 'a client cannot change what never changes',
      find: "(mode === 'create' || !field.immutable)",
      replace: 'true',
      tests: ['test/media/tracks.test.ts > unknown fields and those owned by the server'],
    },
  ],
  'src/api/http/check-body.ts': [
    {
      guarantee: 'a field that nobody knows is refused',
      find: 'allowUnknown: false,',
      replace: 'allowUnknown: true,',
      tests: ['test/projects/projects.test.ts > unknown fields and those owned by the server'],
    },
  ],
  'src/routes/account/users.ts': [
    {
      guarantee: 'the last administrator stays one',
      find: 'await keepAnAdmin(tx, id);',
      replace: '',
      tests: ['test/account/security-events.test.ts > the last administrator'],
    },
    {
      guarantee: 'suspending an account ends its sessions for good',
      find: 'jobs.push(await denySessions(tx, id));',
      replace: '',
      tests: ['test/account/auth.test.ts > suspended'],
    },
    {
      guarantee: 'suspending an account has its subscription end',
      find: 'await enqueueSuspension(tx, id);',
      replace: '',
      tests: ['test/payments/subscriptions-suspended.test.ts > no further period'],
    },
  ],
  'src/services/account/standing.ts': [
    {
      guarantee: 'two administrators who demote each other at once do not both succeed',
      find: 'await takeTurns(tx);',
      replace: '',
      tests: ['test/account/security-events.test.ts > the last administrator'],
    },
  ],
  'src/api/json/transcode.ts': [
    {
      guarantee: 'a hidden field is never answered',
      find: 'field.hidden ||',
      replace: '',
      tests: ['test/projects/projects.test.ts > answers an ETag'],
    },
  ],
};
