import Joi from 'joi';
import type { Request, Route } from '../../api/http/route.ts';
import { answerDocument } from '../../api/resource/answer.ts';
import { readIfMatch } from '../../api/resource/etag.ts';
import { limitText } from '../../api/resource/input.ts';
import { filterById } from '../../api/resource/verbs.ts';
import { invalid } from '../../errors.ts';
import { owner } from '../../rules.ts';
import { Version } from '../../services/media/medium.ts';
import { type Replaced, restoreVersion } from '../../services/media/restore-version.ts';
import { anyMedium } from '../uploads/upload-schemas.ts';
import { uploadActions } from '../uploads/uploads.ts';
import { fileActions } from './media.ts';

const path = '/v1/versions';

/** The routes of a version of a medium, beside reading and deleting it. */
export const versionActions: Route[] = [
  ...uploadActions(Version, path),
  ...fileActions(Version, path),
  {
    method: 'POST',
    path: `${path}/{id}/restore`,
    id: 'restoreVersion',
    summary:
      'Restore this version: the medium takes its file, and the current file becomes a version. Say which file is to be replaced, by `replacing` or by the ETag of the medium in `If-Match`: then it may be repeated.',
    tag: 'Versions',
    access: 'user',
    conditional: true,
    body: Joi.object({ replacing: describeReplacing() }),
    isBodyOptional: true,
    success: { 200: { description: 'The medium, which has the file.', schema: anyMedium } },
    codes: ['NOT_FOUND', 'INVALID_STATE', 'CONFLICT', 'PRECONDITION_FAILED'],
    handle: async (ctx, request) => {
      const filter = filterById(owner, ctx, request);
      const { entity, document } = await restoreVersion(ctx, filter, readReplaced(request));
      return answerDocument(200, entity, document);
    },
  },
];

function describeReplacing(): Joi.StringSchema {
  return limitText(128, Joi.string().trim()).description(
    'The file that the medium has: its `checksum`, the ETag of the medium, or the one that S3 answers with the file.',
  );
}

/** Reads which file the request means to replace. @throws AppError VALIDATION_FAILED */
function readReplaced({ body, ifMatch }: Request): Replaced {
  const matching = readIfMatch(ifMatch);
  const mismatch = matching ? 'PRECONDITION_FAILED' : 'CONFLICT';
  const name = (body.replacing as string | undefined)?.replace(/^(W\/)?"(.*)"$/, '$2');
  if (name === undefined) {
    if (matching) return { versions: matching, mismatch };
    const message = 'is required, or If-Match: the checksum or ETag of the file to be replaced';
    throw invalid([{ path: 'replacing', message }]);
  }
  // The ETags of documents begin with their version; those of S3, and checksums, are longer.
  const shown = readIfMatch(`"${name}"`) ?? [];
  if (shown.length === 0) return { file: name, versions: matching, mismatch };
  return { versions: matching?.filter((v) => shown.includes(v)) ?? shown, mismatch };
}
