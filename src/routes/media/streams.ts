import type { Route } from '../../api/http/route.ts';
import { documentWith, idSchema } from '../../api/openapi/schemas.ts';
import { answerDocument } from '../../api/resource/answer.ts';
import { idText } from '../../data/ids.ts';
import { Video } from '../../models/media/video.ts';
import { findStream, requestStream } from '../../services/media/streams/request.ts';
import { found } from '../uploads/uploads.ts';
import { linkSchema } from './media.ts';

const schema = documentWith('StartedVideo', Video, { job: idSchema });

const progressSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['job', 'progress'],
  properties: {
    job: { ...idSchema, description: 'The id of the job that makes it.' },
    progress: { type: 'number', minimum: 0, maximum: 100, description: 'In percent.' },
  },
};

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
    codes: ['NOT_FOUND', 'INVALID_STATE', 'ALLOWANCE_EXCEEDED'],
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
    success: {
      200: { description: 'A presigned link.', schema: linkSchema },
      202: { description: 'It is being made: ask again later.', schema: progressSchema },
    },
    codes: ['NOT_FOUND', 'INVALID_STATE'],
    handle: async (ctx, request) => {
      const video = await found(ctx, Video, request);
      const stream = await findStream(ctx, video);
      if (!('making' in stream)) return { status: 200, json: stream };
      const json = { job: idText(stream.making._id), progress: stream.making.progress };
      return { status: 202, json, headers: { 'retry-after': '2' } };
    },
  },
];
