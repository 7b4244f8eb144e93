import { readSecrets } from './providers/secrets.ts';

export { readSecrets };

/** The secrets that this process began with. A packaged function is handed them by what starts it (`scripts/package/start.ts`). */
export const secrets: Record<string, string> = await readSecrets(process.env);
