import { makeThrowawayKey } from './key.ts';

// Import this first: src/config.ts requires these settings when it is imported, although nothing is
// connected to while documents are generated.
process.env.MONGODB_URI ??= 'mongodb://localhost/none';
process.env.MEDIA_BUCKET ??= 'none';
process.env.APP_SECRET ??= Buffer.alloc(32).toString('base64');
process.env.TOKEN_KEYS ??= JSON.stringify([makeThrowawayKey()]);
