// `npm run admin -- grant EMAIL` makes an account an administrator; `revoke EMAIL` undoes it.
import { withDatabase } from './database.ts';
import { readEmail } from './read-email.ts';

const USAGE = 'Usage: npm run admin -- grant EMAIL | revoke EMAIL';

const [verb, email, ...more] = process.argv.slice(2);
if ((verb !== 'grant' && verb !== 'revoke') || !email || more.length > 0) {
  console.error(USAGE);
  process.exit(1);
}
const isAdmin = verb === 'grant';
const action = `${verb}-admin`;

await withDatabase(async () => {
  const { systemCtx } = await import('../src/context.ts');
  const { findOne } = await import('../src/data/read.ts');
  const { update } = await import('../src/data/write.ts');
  const { User } = await import('../src/models/index.ts');

  const ctx = systemCtx('admin');
  const account = { email: readEmail(email) };
  const other = { ...account, isAdmin: !isAdmin };
  const changed = await update(ctx, User, other, { set: { isAdmin } }, action);
  if (!changed && !(await findOne(ctx, User, account))) {
    throw new Error(`There is no account with the email ${email}.`);
  }
  const now = isAdmin ? 'an administrator' : 'no administrator';
  console.log(changed ? `${email} is ${now} now.` : `${email} is ${now} already.`);
});
