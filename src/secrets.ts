import { readSecrets } from './providers/secrets.ts';

/** The secrets of this process. A packaged function is handed them by what starts it (`scripts/package/start.ts`). */
export const secrets: Record<string, string> = await readSecrets(process.env);
