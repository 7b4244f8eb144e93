import { serveS3 } from '../src/api/serve-events.ts';
import { noteUpload } from '../src/services/uploads.ts';

/** Bytes have arrived in S3: their medium gets a job. */
export const handler = serveS3('media-uploaded', noteUpload);
