import { serveSchedule } from '../src/api/events/serve-events.ts';
import { pollPayments } from '../src/services/payments/poll.ts';

/** Runs every five minutes: takes in what no webhook told of, and looks up what is unknown. */
export const handler = serveSchedule('poll-payments', pollPayments);
