import { handler as runJobs } from '../../../functions/run-jobs.ts';
import { systemCtx } from '../../../src/context.ts';
import { newId, UUID } from '../../../src/data/ids.ts';
import { transaction } from '../../../src/data/transaction.ts';
import { LOCAL_WEBHOOK_SECRET } from '../../../src/local/stripe.ts';
import { CreditsTransaction } from '../../../src/models/billing/credits-transaction.ts';
import { Payment } from '../../../src/models/billing/payment.ts';
import { Job } from '../../../src/models/jobs/job.ts';
import { SYSTEM_ACCOUNTS } from '../../../src/services/billing/accounts.ts';
import { postEntry } from '../../../src/services/billing/ledger.ts';
import type { FakeStripe } from '../../fakes/stripe/fake.ts';
import { finishSetup } from '../../fakes/stripe/methods.ts';
import {
  listObjects,
  need,
  readClock,
  type StripeEvent,
  type StripeObject,
} from '../../fakes/stripe/state.ts';
import { sendEvent } from '../../fakes/stripe/webhooks.ts';
import '../../harness/check-ledger.ts';
import { type Doc, given, type Person } from '../../harness/given.ts';
import { invocation, sqsEvent } from '../../harness/invocations.ts';
import { api } from '../../harness/place.ts';

/** In which order events come: as they happened, each once; or in a random one, each one to three times. */
export interface Order {
  isShuffled: boolean;
  /** From 0 to less than 1. */
  random(): number;
}

export const IN_ORDER: Order = { isShuffled: false, random: () => 0 };

export interface Bought extends Doc {
  checkout: { url?: string; clientSecret?: string };
}

/** What is left when all has been told. */
export interface End {
  status?: string;
  refundedAmount?: number;
  error?: string | undefined;
  balance: number;
  debt: number;
  isFrozen: boolean;
  purchases: number;
  /** Of a subscription: its status, the plan that was paid last, and its payments. */
  subscription?: string;
  plan?: string;
  payments?: number;
  /** The last digits of the saved cards, where those are what it is about. */
  cards?: unknown[];
  /** Why a top-up has stopped. */
  topUp?: string | undefined;
}

/** One user who buys, the stand-in for Stripe, and the events that are on their way. */
export class World {
  readonly stripe: FakeStripe;
  readonly person: Person;
  readonly order: Order;
  payment: Bought | undefined;
  subscription: Bought | undefined;
  /** Whether its end tells of saved cards, and of a top-up. */
  showsCards = false;
  /** Events are not sent: only a poll finds them. */
  isDeaf = false;
  private seen: number;
  private onTheirWay: StripeEvent[] = [];
  private belated: StripeEvent[] = [];

  private constructor(stripe: FakeStripe, person: Person, order: Order) {
    this.stripe = stripe;
    this.person = person;
    this.order = order;
    this.seen = stripe.state.events.length;
  }

  static async make(stripe: FakeStripe, order: Order, person?: Person): Promise<World> {
    const { state } = stripe;
    Object.assign(state, { ahead: 0, stoppedAt: undefined });
    // What others have subscribed to is not renewed with this one's time.
    for (const one of listObjects(state, 'subscription')) one.status = 'canceled';
    return new World(stripe, person ?? (await given.user()), order);
  }

  get state() {
    return this.stripe.state;
  }

  async buy(body: object = {}): Promise<Bought> {
    const bought = await this.person.post<Bought>('/v1/payments', { package: 'SMALL', ...body });
    if (bought.status !== 201) throw new Error(`Nothing was bought: ${bought.text}`);
    this.payment = bought.body;
    await this.tick();
    return bought.body;
  }

  /** Begins a subscription, by a clock that only goes on when it is told to. */
  async subscribe(plan: string): Promise<Bought> {
    this.state.stoppedAt ??= Math.floor(Date.now() / 1000);
    const begun = await this.person.post<Bought>('/v1/subscriptions', { plan });
    if (begun.status !== 201) throw new Error(`Nothing was subscribed to: ${begun.text}`);
    this.subscription = begun.body;
    await this.tick();
    return begun.body;
  }

  /** Asks for something of the subscription, which must be answered with 200. */
  async change(action: string, body?: object): Promise<Bought> {
    const path = `/v1/subscriptions/${this.subscription?.id}/${action}`;
    const answer = await this.person.post<Bought>(path, body);
    if (answer.status !== 200) throw new Error(`${action}: ${answer.status} ${answer.text}`);
    await this.tick();
    return answer.body;
  }

  /** The subscription as the stand-in has it. */
  get subscribed(): StripeObject {
    const { subscription } = need(this.state, this.session, 'checkout.session');
    return need(this.state, subscription, 'subscription');
  }

  /** Lets a part of what is left of its period pass. */
  async pass(part = 1): Promise<void> {
    const { current_period_start: begin, current_period_end: end } = this.subscribed.items.data[0];
    const now = readClock(this.state);
    this.stripe.advance(part === 1 ? end - now : Math.round((end - begin) * part));
    await this.tick();
  }

  /** The session at whose page the payment, or the subscription, is paid. */
  get session(): string {
    const { checkout } = this.subscription ?? this.payment ?? {};
    return String(checkout?.url?.split('/').at(-1));
  }

  get intent(): string {
    const { clientSecret } = this.payment?.checkout ?? {};
    const session = this.state.objects.get(this.session);
    const inSession = session?.payment_intent ?? session?.ownIntent;
    return inSession ?? String(clientSecret?.split('_secret')[0]);
  }

  /** A card that is saved, by its number. */
  async save(number: string): Promise<Doc> {
    const { body } = await this.person.post<Doc>('/v1/payment-methods/setup');
    const setup = String(body.clientSecret).split('_secret')[0] as string;
    finishSetup(this.state, setup, number);
    await this.flush();
    const methods = await this.person.get<{ data: Doc[] }>('/v1/payment-methods');
    return methods.body.data[0] as Doc;
  }

  /** Credits that work has spent. */
  async spend(amount: number): Promise<void> {
    const account = new UUID(this.person.id);
    await transaction(systemCtx('test'), (tx) =>
      postEntry(tx, {
        ...{ account, type: 'SPEND', cause: 'JOB', amount: -amount },
        ...{ against: SYSTEM_ACCOUNTS.REVENUE, key: `test:${newId(Date.now())}` },
      }),
    );
  }

  /** Time passes: in order, what has happened is told; else some of it, now or later. */
  async tick(): Promise<void> {
    this.collect();
    if (!this.order.isShuffled) return this.flush();
    while (this.onTheirWay.length > 0 && this.order.random() < 0.5) await this.sendOne();
    if (this.order.random() < 0.5) await this.work();
  }

  /** All that was told so far has arrived at least once. */
  async send(): Promise<void> {
    this.collect();
    while (this.onTheirWay.length > 0) await this.sendOne();
  }

  /** All that was told so far has arrived at least once, and was handled. */
  async flush(): Promise<void> {
    this.collect();
    while (this.onTheirWay.length > 0) {
      await this.sendOne();
      if (this.order.random() < 0.3) await this.work();
    }
    await this.work();
  }

  /** Nothing is on its way any more: what comes twice has come twice. */
  async finish(): Promise<End> {
    await this.flush();
    this.onTheirWay = this.belated.splice(0);
    await this.flush();
    return this.describe();
  }

  async describe(): Promise<End> {
    const account = new UUID(this.person.id);
    const [credits, payment, purchases] = await Promise.all([
      this.person.get<Doc & { balance: number; debt?: number; isFrozen?: boolean }>('/v1/credits'),
      this.payment && this.person.get<Doc>(`/v1/payments/${this.payment.id}`),
      CreditsTransaction.collection.countDocuments({ account, type: 'PURCHASE' }),
    ]);
    const more = { ...(await this.describeSubscription()), ...(await this.describeCards()) };
    const { balance, debt = 0, isFrozen = false } = credits.body;
    const { status, refundedAmount, error } = payment?.body ?? ({} as Doc);
    const { code } = (error ?? {}) as { code?: string };
    return {
      ...(payment && { status, refundedAmount: refundedAmount as number, error: code }),
      ...{ balance, debt, isFrozen, purchases },
      ...more,
    };
  }

  private async describeSubscription(): Promise<Partial<End>> {
    if (!this.subscription) return {};
    const { body } = await this.person.get<Doc>(`/v1/subscriptions/${this.subscription.id}`);
    const payments = await Payment.collection.countDocuments({
      subscription: new UUID(this.subscription.id),
      status: { $in: ['COMPLETED', 'REFUNDED'] },
    });
    return { subscription: body.status, plan: body.plan as string, payments };
  }

  private async describeCards(): Promise<Partial<End>> {
    if (!this.showsCards) return {};
    const { body } = await this.person.get<{ data: Doc[] }>('/v1/payment-methods');
    const found = await this.person.get<Doc & { error?: { code: string } }>('/v1/top-up');
    return { cards: body.data.map(({ last4 }) => last4), topUp: found.body.error?.code };
  }

  /** Runs the jobs that wait, sometimes two workers at once. */
  async work(): Promise<void> {
    const waiting = { type: 'handle-stripe-event', status: { $in: ['QUEUED', 'RUNNING'] } };
    for (let turns = 0; turns < 200; turns++) {
      if ((await Job.collection.countDocuments(waiting)) === 0) return;
      const workers = this.order.random() < 0.5 ? 1 : 2;
      const run = () => runJobs(sqsEvent('{"queue":"PROVIDER"}'), invocation());
      await Promise.all(Array.from({ length: workers }, run));
    }
    throw new Error('The events are not handled.');
  }

  private collect(): void {
    const fresh = this.state.events.slice(this.seen);
    this.seen = this.state.events.length;
    if (this.isDeaf) return;
    for (const event of fresh) {
      this.onTheirWay.push(event);
      if (this.order.random() > 1 / 3) this.onTheirWay.push(event);
      if (this.order.random() > 2 / 3) this.belated.push(event);
    }
  }

  private async sendOne(): Promise<void> {
    const { isShuffled, random } = this.order;
    const at = isShuffled ? Math.floor(random() * this.onTheirWay.length) : 0;
    const [event] = this.onTheirWay.splice(at, 1) as [StripeEvent];
    const endpoint = { url: `${api}/v1/webhooks/stripe`, secret: LOCAL_WEBHOOK_SECRET };
    const status = await sendEvent(endpoint, event);
    if (status !== 200) throw new Error(`The webhook answered ${status}.`);
  }
}
