import type { Edits } from './edit.ts';

const SUBSCRIPTIONS = 'test/payments/subscriptions.test.ts';
const TOP_UPS = 'test/payments/top-ups.test.ts';

export const payments: Edits = {
  'src/services/payments/verify-event.ts': [
    {
      guarantee: 'a signature of the time to come is refused',
      find: 'checkAhead(ctx, header);',
      replace: '',
      tests: ['test/payments/webhooks.test.ts > signed six minutes from now'],
    },
    {
      guarantee: 'a signature has one time',
      find: 'others.length > 0 ? Number.NaN : ',
      replace: '',
      tests: ['test/payments/webhooks.test.ts > with a second time before that'],
    },
    {
      guarantee: 'an event of the other mode is refused',
      find: 'if (livemode !== config.stripe?.isLive)',
      replace: 'if (livemode === undefined)',
      tests: ['test/payments/webhooks.test.ts > of the other mode'],
    },
  ],
  'src/services/payments/make-once.ts': [
    {
      guarantee: 'a key that brings an error which Stripe keeps is followed by the next one',
      find: 'if (!isKeySpent(error)) throw error;',
      replace: 'if (isKeySpent(error) || true) throw error;',
      tests: ['test/payments/outages.test.ts > an error of Stripe’s own'],
    },
    {
      guarantee: 'what an earlier call has made is not made again',
      find: 'if (found !== undefined) return found;',
      replace: '',
      tests: ['test/payments/outages.test.ts > before the page of the app moved'],
    },
  ],
  'src/services/payments/refund-keys.ts': [
    {
      guarantee: 'a request for a refund keeps its key, whatever becomes of others',
      find: 'counts.find((one) => one.request === request)?.spent ?? 0',
      replace: 'counts.at(-1)?.spent ?? 0',
      tests: ['test/payments/outages.test.ts > keeps its key at Stripe'],
    },
  ],
  'src/services/payments/find-made.ts': [
    {
      guarantee: 'a charge is found whose customer is gone',
      find: 'listed ?? (await searchAllIntents(describeMark(payment)))',
      replace: 'listed',
      tests: ['test/payments/lost-charges.test.ts > was deleted at Stripe'],
    },
  ],
  'src/services/payments/buy.ts': [
    {
      guarantee: 'a charge that Stripe made is not called failed',
      find: 'if (made) return made;',
      replace: '',
      tests: ['test/payments/lost-charges.test.ts > though the method was removed'],
    },
  ],
  'src/services/payments/finish-pending.ts': [
    {
      guarantee: 'what cannot be looked up keeps nothing waiting',
      find: 'const sort = { lookedUpAt: 1, createdAt: 1 } as const;',
      replace: 'const sort = { createdAt: 1 } as const;',
      tests: ['test/payments/pending.test.ts > payments that cannot be looked up'],
    },
  ],
  'src/services/payments/settle.ts': [
    {
      guarantee: 'an answer that was overtaken does not stay',
      find: 'return !isChanged && refundedAmount === payment.refundedAmount;',
      replace: 'return true;',
      tests: ['test/payments/overtaken.test.ts > a refund that has failed'],
    },
  ],
  'src/services/payments/subscriptions/settle.ts': [
    {
      guarantee: 'an answer that was overtaken does not stay',
      find: 'if (!(await storeFacts(ctx, subscription, facts))) return;',
      replace: 'await storeFacts(ctx, subscription, facts);\n    return;',
      tests: [`${SUBSCRIPTIONS} > looked at once more`],
    },
    {
      guarantee: 'a plan outlives a refused payment by its grace alone',
      find: "isEntitled: paid !== undefined && (status === 'ACTIVE' || isInGrace),",
      replace: "isEntitled: status === 'ACTIVE' || status === 'PAST_DUE',",
      tests: [`${SUBSCRIPTIONS} > a week of grace`],
    },
  ],
  'src/services/payments/subscriptions/periods.ts': [
    {
      guarantee: 'for a part of a period a part of the credits is granted',
      find: 'if (!line.isProrated) return 1;',
      replace: 'return 1;',
      tests: [`${SUBSCRIPTIONS} > asked for twice`],
    },
  ],
  'src/services/payments/subscriptions/change.ts': [
    {
      guarantee: 'nobody is charged at once for a plan of another interval that costs less',
      find: 'if (interval !== offer.interval) throw refuse(known, OTHER_INTERVAL);',
      replace: '',
      tests: ['test/payments/subscriptions-interval.test.ts > which costs less, is refused'],
    },
    {
      guarantee: 'who goes back to the plan that was paid keeps its price',
      find: 'if (plan === name) {',
      replace: 'if (plan === name && !plan) {',
      tests: ['test/payments/subscriptions-prices.test.ts > goes on at the price'],
    },
  ],
  'src/services/payments/subscriptions/set-plan.ts': [
    {
      guarantee: 'a change that Stripe has made under a lost answer is found',
      find: 'return [readPlan(now), readWaiting(now)].includes(price.plan) ? now : undefined;',
      replace: 'return undefined;',
      tests: ['test/payments/subscriptions-outages.test.ts > that Stripe has made'],
    },
  ],
  'src/services/payments/subscriptions/facts.ts': [
    {
      guarantee: 'an invoice that was given up shortens no later grace',
      find: 'invoices.slice(lastPaid + 1)',
      replace: 'invoices',
      tests: [`${SUBSCRIPTIONS} > shortens no later grace`],
    },
  ],
  'src/services/payments/subscriptions/end-suspended.ts': [
    {
      guarantee: 'who is switched on again at once keeps the subscription',
      find: 'const switchedOff = { _id: user, isActive: false, credentialsVersion };',
      replace: 'const switchedOff = { _id: user };',
      tests: ['test/payments/subscriptions-suspended.test.ts > on again at once'],
    },
  ],
  'src/services/payments/subscriptions/change-in-turn.ts': [
    {
      guarantee: 'of two changes of the plan at once one is refused',
      find: "if (matchedCount === 0) throw new AppError('INVALID_STATE', BUSY);",
      replace: '',
      tests: ['test/payments/subscriptions-turns.test.ts > at once'],
    },
  ],
  'src/services/payments/reconcile.ts': [
    {
      guarantee: 'what has just happened is no difference yet',
      find: "fresh.filter(({ providerId = '' }) => !news.has(providerId))",
      replace: 'fresh',
      tests: ['test/payments/reconcile-again.test.ts > is left to the next night, and named then'],
    },
  ],
  'src/services/payments/poll-events.ts': [
    {
      guarantee: 'a poll that ends early is gone on with',
      find: 'last?.round ? toRound(last.round) : ',
      replace: '',
      tests: ['test/payments/poll.test.ts > is gone on with by the next ones'],
    },
  ],
  'src/services/payments/poll.ts': [
    {
      guarantee: 'a backlog of events leaves the lookups their time',
      find: 'pollEvents(ctx, leaveTime(timeLeft, 2 / 3))',
      replace: 'pollEvents(ctx, timeLeft)',
      tests: ['test/payments/poll.test.ts > their share of the time'],
    },
  ],
  'src/services/payments/top-ups/find-method.ts': [
    {
      guarantee: 'a method that nobody chose is not charged',
      find: 'if (chosen) return (',
      replace: 'if (chosen && (await findOne(ctx, PaymentMethod, { _id: chosen }, only))) return (',
      tests: [`${TOP_UPS} > whose chosen method was removed`],
    },
  ],
  'src/services/payments/top-ups/top-up.ts': [
    {
      guarantee: 'credits are bought as often in a day as was said',
      find: 'if (before >= known.mostPerDay) return undefined;',
      replace: '',
      tests: [`${TOP_UPS} > as often in a day`],
    },
    {
      guarantee: 'of runs at once one buys',
      find: "{ _id: known._id, version: known.version, status: 'ACTIVE' }",
      replace: "{ _id: known._id, status: 'ACTIVE' }",
      tests: [`${TOP_UPS} > of eight runs at once`],
    },
  ],
};
