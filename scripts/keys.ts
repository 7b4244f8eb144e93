// `npm run keys -- COMMAND`: the data keys of encrypted fields. It writes into the database and starts jobs;
// workers, which may reach the keys themselves, do the rest.
import { withDatabase } from './database.ts';

const USAGE = `Usage: npm run keys -- list | rotate [USER] | renew | forget USER
USER is the id or the email of an account`;

const [command = '', name, ...more] = process.argv.slice(2);
const takesUser = command === 'forget' || command === 'rotate';
const isKnown = ['list', 'rotate', 'renew', 'forget'].includes(command);
if (!isKnown || more.length > 0 || (name && !takesUser) || (command === 'forget' && !name)) {
  console.error(USAGE);
  process.exit(1);
}

await withDatabase(async () => {
  const { systemCtx } = await import('../src/context.ts');
  await import('../src/models/index.ts');
  const { describeKeys, findUser, waitFor } = await import('./keys/work.ts');
  const { enqueueForgetting } = await import('../src/services/crypto/forget-job.ts');
  const { startRenewal } = await import('../src/services/crypto/renew-job.ts');
  const { endKeys } = await import('../src/services/crypto/rotate.ts');
  const ctx = systemCtx('keys');

  if (command === 'forget') {
    const job = await enqueueForgetting(ctx, await findUser(ctx, name as string));
    const { keys } = await waitFor(ctx, job);
    console.log(`${keys} keys are destroyed. What they encrypted opens nowhere any longer.`);
    return;
  }
  if (command === 'rotate') {
    const subject = name && (await findUser(ctx, name)).toString();
    const ended = await endKeys(ctx, subject || undefined);
    console.log(`${ended} keys encrypt nothing more, within five minutes.`);
  }
  if (command !== 'list') {
    const { _id } = await startRenewal(ctx);
    const { read, renewed, unreadable, unneeded, destroyed } = await waitFor(ctx, _id);
    console.log(`${read} documents read, ${renewed} encrypted anew, ${unreadable} do not decrypt.`);
    console.log(`${unneeded} keys are not needed any longer, ${destroyed} were destroyed.`);
  }
  console.log(await describeKeys(ctx));
});
