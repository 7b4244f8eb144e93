import type { Edits } from './edit.ts';

export const news: Edits = {
  'src/data/record-events.ts': [
    {
      guarantee: 'an event is written in the transaction of its change',
      find: 'insertMany(events, { session: tx.session })',
      replace: 'insertMany(events)',
      tests: ['test/news/event-log.test.ts > not committed is not told'],
    },
    {
      guarantee: 'of what is gone only its id is told',
      find: 'data: isGone ? { _id: document._id } : omitCiphertext(entity, document),',
      replace: 'data: omitCiphertext(entity, document),',
      tests: ['test/news/event-log.test.ts > told by its id alone'],
    },
  ],
  'src/services/news/sequence-events.ts': [
    {
      guarantee: 'events of one document keep the order of its changes',
      find: 'for (const same of byDocument.values()) same.sort((a, b) => a.revision - b.revision);',
      replace: '',
      tests: ['test/news/event-log.test.ts > where hosts disagree'],
    },
  ],
  'src/services/jobs/subject.ts': [
    {
      guarantee: 'the start of a job is told',
      find: 'if (!(await update(tx, Job, isHeld(claim), {}, null))) throw new LostClaim();',
      replace: '',
      tests: ['test/news/event-log.test.ts > each change of a track'],
    },
  ],
  'src/services/news/stream-leases.ts': [
    {
      guarantee: 'an account has only so many streams open at once',
      find: "{ $concatArrays: ['$streams', { $cond: [hasRoom, [own], []] }] }",
      replace: "{ $concatArrays: ['$streams', [own]] }",
      tests: ['test/news/tickets.test.ts > a stream counts among those of its user'],
    },
    {
      guarantee: 'a stream whose process is gone counts no more',
      find: "const isOpen = { $gt: ['$$this.until', databaseTime(ctx)] };",
      replace: 'const isOpen = true;',
      tests: ['test/news/tickets.test.ts > a stream counts among those of its user'],
    },
  ],
  'src/api/stream/stream-events.ts': [
    {
      guarantee: 'a stream about a job has nothing else',
      find: 'if (ticket.job && !job?.equals(ticket.job)) return false;',
      replace: '',
      tests: ['test/news/stream.test.ts > a stream about a job'],
    },
    {
      guarantee: 'a stream about a project has nothing else',
      find: 'return !ticket.project || (project?.equals(ticket.project) ?? false);',
      replace: 'return true;',
      tests: ['test/news/stream.test.ts > a stream about a job'],
    },
    {
      guarantee: 'a stream about a job that has ended ends',
      find: "if (hasEnded) endListener(listener, 'JOB_ENDED');",
      replace: 'if (false) return;',
      tests: ['test/news/stream.test.ts > a stream about a job'],
    },
  ],
  'src/api/stream/serve-stream.ts': [
    {
      guarantee: 'a ticket opens nothing once its session has ended',
      find: 'ticket && (await findStandingSessions(ctx, [ticket.session])).has(idText(ticket.session));',
      replace: 'Boolean(ticket);',
      tests: ['test/news/stream.test.ts > of a session that has ended'],
    },
  ],
  'src/api/stream/listeners.ts': [
    {
      guarantee: 'a stream ends with its session',
      find: "endListener(listener, 'SIGNED_OUT');",
      replace: '{}',
      tests: ['test/news/stream.test.ts > within 5 s of the session'],
    },
  ],
  'src/services/news/tickets.ts': [
    {
      guarantee: 'a ticket opens nothing after its time',
      find: 'if (ctx.clock() > expiresAt + SKEW) return undefined;',
      replace: '',
      tests: ['test/news/tickets.test.ts'],
    },
  ],
};
