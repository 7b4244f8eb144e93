import type { Edits } from './edit.ts';

export const providers: Edits = {
  'src/providers/s3-links.ts': [
    {
      guarantee: 'S3 takes exactly as many bytes as were declared',
      find: "'content-length': String(object.size),",
      replace: '',
      tests: ['test/media/links.test.ts > without a checksum'],
    },
    {
      guarantee: 'S3 takes bytes of the declared type',
      find: "'content-type': object.contentType,",
      replace: '',
      tests: ['test/media/tracks.test.ts > exactly the bytes that were declared'],
    },
    {
      guarantee: 'S3 takes them once',
      find: "'if-none-match': '*',",
      replace: '',
      tests: ['test/media/tracks.test.ts > exactly the bytes that were declared'],
    },
    {
      guarantee: 'S3 takes bytes of the declared checksum',
      find: "...(object.checksum && { 'x-amz-checksum-sha256': object.checksum }),",
      replace: '',
      tests: ['test/media/tracks.test.ts > exactly the bytes that were declared'],
    },
  ],
  'src/providers/multipart.ts': [
    {
      guarantee: 'S3 takes exactly as many bytes of a part as were signed',
      find: "const headers = { 'content-length': String(part.size) };",
      replace: 'const headers = {};',
      tests: ['test/providers/multipart.test.ts > exactly the number of bytes'],
    },
    {
      guarantee: 'an upload in parts overwrites nothing',
      find: "IfNoneMatch: '*',",
      replace: '',
      tests: ['test/providers/multipart.test.ts > never overwrites another'],
    },
  ],
  'src/providers/copy.ts': [
    {
      guarantee: 'only the bytes that were meant are copied',
      find: ', CopySourceIfMatch: `"${etag}"` };',
      replace: ' };',
      tests: ['test/providers/multipart.test.ts > fails when the original has changed'],
    },
    {
      guarantee: 'a copy that fails at one part starts no other',
      find: 'while (next < count && !abortSignal.aborted) {',
      replace: 'while (next < count) {',
      tests: ['test/providers/multipart.test.ts > starts no further part'],
      survives: 'The signal goes with each call as well: one that is aborted is not sent.',
    },
  ],
  'src/providers/upload.ts': [
    {
      guarantee: 'an upload that was aborted leaves nothing',
      find: 'await Promise.allSettled([abortMultipart(key, UploadId)]);',
      replace: '',
      tests: ['test/providers/upload.test.ts > neither an object nor parts'],
    },
    {
      guarantee: 'a file that became shorter is not stored',
      find: 'if (bytesRead !== length) throw',
      replace: 'if (false) throw',
      tests: ['test/providers/upload.test.ts > shorter than declared'],
    },
  ],
};
