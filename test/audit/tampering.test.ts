import '../harness/place.ts';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { verifyAudit } from '../../src/services/audit/verify.ts';
import { place } from '../harness/place.ts';
import { fillChains, TAMPERINGS, type Tampering } from './tamperings.ts';

place({ worker: false });

const verify = async () => (await verifyAudit(systemCtx('test'))).faults;
let putBack: () => Promise<void>;

beforeAll(async () => {
  putBack = await fillChains();
});
beforeEach(async () => expect(await verify()).toEqual([]));
afterEach(() => putBack());

describe('the verifier names the place, where somebody with the database', () => {
  test.each(Object.keys(TAMPERINGS))('%s', async (what) => {
    const { tamper, named } = TAMPERINGS[what] as Tampering;
    await tamper();
    expect(await verify()).toMatchObject(named);
  });
});
