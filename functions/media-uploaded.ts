import { serveS3 } from '../src/api/events/serve-events.ts';
import { noteUpload } from '../src/services/uploads/arrivals.ts';

/** Runs when an object was written to S3: enqueues a processing job for an uploaded medium. */
export const handler = serveS3('media-uploaded', noteUpload);
