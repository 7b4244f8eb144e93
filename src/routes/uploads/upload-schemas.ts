import type { JsonSchema, Parameter } from '../../api/http/route.ts';
import { nameOne } from '../../api/openapi/names.ts';
import {
  type Described,
  documentSchema,
  documentWith,
  idSchema,
  shareComponent,
} from '../../api/openapi/schemas.ts';
import { type Entity, entityNamed } from '../../data/entity.ts';
import { MEDIA_KINDS } from '../../models/media/media-fields.ts';
import { MOST_PARTS } from '../../providers/multipart.ts';

const partNumber = { type: 'integer', minimum: 1, maximum: MOST_PARTS };
const url = { type: 'string' };
const expiresAt = { type: 'string', format: 'date-time' };
const bytes = { type: 'integer', minimum: 1, description: 'In bytes.' };

function describeExactly(properties: Record<string, JsonSchema>, description?: string): JsonSchema {
  const required = Object.keys(properties);
  const said = description && { description };
  return { type: 'object', ...said, additionalProperties: false, required, properties };
}

/** A medium of any kind. */
export const anyMedium: Described = (components) => ({
  anyOf: Object.values(MEDIA_KINDS).map((kind) => documentSchema(entityNamed(kind))(components)),
});

/** How to upload the file of a medium. */
export const uploadSchema: Described = (components) => {
  const share = (name: string, schema: JsonSchema) =>
    shareComponent(components, name, () => schema);
  const put = share(
    'PutUpload',
    describeExactly(
      {
        method: { type: 'string', enum: ['PUT'] },
        url,
        headers: share('UploadHeaders', HEADERS),
        expiresAt,
      },
      'One PUT of the whole file.',
    ),
  );
  const parts = { type: 'array', items: share('UploadPart', PART), description: PARTS };
  const uploaded = { type: 'array', items: share('UploadedPart', UPLOADED), description: ARRIVED };
  const multipart = share(
    'MultipartUpload',
    describeExactly(
      {
        method: { type: 'string', enum: ['MULTIPART'] },
        partSize: bytes,
        partCount: partNumber,
        parts,
        uploaded,
        nextPart: {
          type: ['integer', 'null'],
          description: '`fromPart` of the next page of parts; null after the last.',
        },
        expiresAt,
      },
      'Parts, each sent by its own PUT, and `POST …/upload/complete` when all have arrived.',
    ),
  );
  return share('Upload', {
    description: 'How to upload the file of a medium.',
    oneOf: [put, multipart],
    discriminator: {
      propertyName: 'method',
      mapping: { PUT: put.$ref, MULTIPART: multipart.$ref },
    },
  });
};

const HEADERS: JsonSchema = {
  type: 'object',
  description:
    'Send exactly these headers: they are signed, and so is the length, which a client sends by itself.',
  additionalProperties: { type: 'string' },
};

const PART = describeExactly({ partNumber, size: bytes, url });
const PARTS =
  'Parts that have not arrived, at most 100. PUT exactly `size` bytes to each `url`, in any order, and keep the ETag of each answer. With a `Content-MD5` header S3 verifies them.';

const UPLOADED = describeExactly({ partNumber, etag: { type: 'string' }, size: bytes });
const ARRIVED = 'Parts that have arrived, of those up to `nextPart`.';

/** What the POST of a medium answers; no `upload` when the file is copied. */
export function createdSchema(entity: Entity): Described {
  const more = {
    upload: uploadSchema,
    duplicateOf: {
      description: 'The id of a medium of the same kind with the same checksum, if there is one.',
      ...idSchema,
    },
    job: {
      description: 'The id of the job that copies the bytes, when a duplicate is reused.',
      ...idSchema,
    },
  };
  return documentWith(`Created${nameOne(entity.name)}`, entity, {}, more);
}

/** `?onDuplicate=` */
export const DUPLICATES: Parameter = {
  name: 'onDuplicate',
  description:
    'What to do when you have a file with the same `checksum` already: `UPLOAD` it again, or `REUSE` it, which copies it within S3.',
  schema: { type: 'string', enum: ['UPLOAD', 'REUSE'], default: 'UPLOAD' },
};

/** `?fromPart=` */
export const FROM_PART: Parameter = {
  name: 'fromPart',
  description: 'Of an upload in parts: the first part to list, `nextPart` of the previous page.',
  schema: { ...partNumber, default: 1 },
};
