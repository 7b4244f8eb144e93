import { throwawayKey } from './key.ts';

// Nothing is reached while documents are written; the settings only have to be there before src/config.ts
// reads them. Imported first.
process.env.MONGODB_URI ??= 'mongodb://localhost/none';
process.env.MEDIA_BUCKET ??= 'none';
process.env.APP_SECRET ??= Buffer.alloc(32).toString('base64');
process.env.TOKEN_KEYS ??= JSON.stringify([throwawayKey()]);
