import { access } from './access.ts';
import { account } from './account.ts';
import { audit } from './audit.ts';
import { billing } from './billing.ts';
import { bodies } from './bodies.ts';
import { crypto } from './crypto.ts';
import type { Edits } from './edit.ts';
import { http } from './http.ts';
import { idempotency } from './idempotency.ts';
import { jobs } from './jobs.ts';
import { leases } from './leases.ts';
import { lists } from './lists.ts';
import { logins } from './logins.ts';
import { maintenance } from './maintenance.ts';
import { media } from './media.ts';
import { migrations } from './migrations.ts';
import { news } from './news.ts';
import { passwords } from './passwords.ts';
import { payments } from './payments.ts';
import { providers } from './providers.ts';
import { references } from './references.ts';
import { texts } from './texts.ts';
import { tokens } from './tokens.ts';
import { trash } from './trash.ts';
import { uploads } from './uploads.ts';

/** All changes, by room. */
export const rooms: Record<string, Edits> = {
  access,
  account,
  audit,
  billing,
  bodies,
  crypto,
  http,
  idempotency,
  jobs,
  leases,
  lists,
  logins,
  maintenance,
  media,
  migrations,
  news,
  passwords,
  payments,
  providers,
  references,
  texts,
  tokens,
  trash,
  uploads,
};
