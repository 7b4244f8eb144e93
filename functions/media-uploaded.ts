import { serveS3 } from '../src/api/events/serve-events.ts';
import { noteUpload } from '../src/services/uploads/arrivals.ts';

/** Bytes have arrived in S3: their medium gets a job. */
export const handler = serveS3('media-uploaded', noteUpload);
