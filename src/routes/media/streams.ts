import type { Route } from '../../api/http/route.ts';
import { addProperties, documentSchema, idSchema } from '../../api/openapi/schemas.ts';
import { answerDocument } from '../../api/resource/answer.ts';
import { idText } from '../../data/ids.ts';
import { Video } from '../../models/media/video.ts';
import { requestStream } from '../../services/media/streams/request.ts';
import { getStreamLink } from '../../services/media/streams/sign-playlists.ts';
import { found } from '../uploads/uploads.ts';
import { linkSchema } from './media.ts';

const schema = addProperties(documentSchema(Video), { job: idSchema });

/** The adaptive stream of a video. */
export const streamRoutes: Route[] = [
  {
    method: 'POST',
    path: '/v1/videos/{id}/stream',
    id: 'streamVideo',
    summary: 'Request an adaptive stream (HLS). It is made once; its job shows the progress.',
    tag: 'Videos',
    access: 'user',
    success: {
      200: {
        description: 'The document, whose stream exists, and the job that made it.',
        schema,
      },
      202: { description: 'The document and the job that makes its stream.', schema },
    },
    codes: ['NOT_FOUND', 'INVALID_STATE'],
    handle: async (ctx, request) => {
      const video = await found(ctx, Video, request);
      const { document, job, isThere } = await requestStream(ctx, video);
      return answerDocument(isThere ? 200 : 202, Video, document, { job: idText(job) });
    },
  },
  {
    method: 'GET',
    path: '/v1/videos/{id}/stream',
    id: 'getVideoStream',
    summary: 'A link to its adaptive stream: a master playlist that any HLS player plays.',
    tag: 'Videos',
    access: 'user',
    success: { 200: { description: 'A presigned link.', schema: linkSchema } },
    codes: ['NOT_FOUND', 'INVALID_STATE'],
    handle: async (ctx, request) => {
      const video = await found(ctx, Video, request);
      return { status: 200, json: await getStreamLink(ctx, video) };
    },
  },
];
