import { serve } from '../src/api/http/serve.ts';
import { bulkUploads } from '../src/routes/uploads/bulk.ts';
import { audios } from './audios.ts';
import { images } from './images.ts';
import { tracks } from './tracks.ts';
import { videos } from './videos.ts';

/** Routes for all kinds of media. */
export const media = {
  routes: [bulkUploads({ TRACK: tracks, AUDIO: audios, VIDEO: videos, IMAGE: images })],
};

export const handler = serve(media);
